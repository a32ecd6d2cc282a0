"""Secret text: it goes where it is meant to go, and nowhere else by accident."""

from __future__ import annotations

import hmac
import re
from typing import NoReturn

HIDDEN = "--- hidden ---"
_SHORTEST_SCRUBBED = 4
"""Characters. Anything shorter is found everywhere, and is no secret that a token or a password would be."""
_LOOKS_SECRET = re.compile(r"(?<=Bearer )\S+|(?<=Basic )\S+|(?<=//)[^/\s]*(?=@)", re.IGNORECASE)
_known: set[str] = set()


class Secret:
    """A token, a password, a private key. Only `reveal` gives it away: not print, format, logging or pickle."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """From now on `scrub` knows it."""
        self._text = text
        parts = (text, text.strip(), text.removeprefix("Bearer ").removeprefix("Basic "), *text.splitlines())
        _known.update(part for part in parts if len(part) >= _SHORTEST_SCRUBBED)

    def reveal(self) -> str:
        """The text itself, to be handed on at once."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __str__(self) -> str:
        return HIDDEN

    def __repr__(self) -> str:
        return HIDDEN

    def __format__(self, _spec: str) -> str:
        return HIDDEN

    def __eq__(self, other: object) -> bool:
        """Of two secrets, in a time that says nothing; no other thing is equal to one."""
        if not isinstance(other, Secret):
            return False
        return hmac.compare_digest(encoded(self._text), encoded(other._text))

    __hash__ = None  # type: ignore[assignment]  # a dictionary would compare it its own way

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("a secret cannot be copied or pickled")


def encoded(text: str) -> bytes:
    """`text` as UTF-8; what came undecoded from a file or the command line as the bytes it was."""
    return text.encode("utf-8", "surrogateescape" if _only_escaped(text) else "surrogatepass")


def _only_escaped(text: str) -> bool:
    return not any("\ud800" <= c < "\udc80" or "\udcff" < c <= "\udfff" for c in text)


def scrub(text: str) -> str:
    """`text` without the secrets that were made so far, and without what looks like one."""
    # What a secret looks like comes first: with a known word in it that has gone it would look like none.
    text = _LOOKS_SECRET.sub(HIDDEN, text)
    for known in sorted(_known, key=len, reverse=True):
        text = text.replace(known, HIDDEN)
    return text
