"""Secret strings, protected against accidental output."""

from __future__ import annotations

import hmac
import re
from typing import NoReturn

HIDDEN = "--- hidden ---"
_SHORTEST_SCRUBBED = 4
"""Characters. Shorter strings would match everywhere, and are not tokens or passwords."""
_LOOKS_SECRET = re.compile(r"(?<=Bearer )\S+|(?<=Basic )\S+|(?<=//)[^/\s]*(?=@)", re.IGNORECASE)
_known: set[str] = set()


class Secret:
    """A token, password or private key. Only `reveal` discloses it, not print, format, logging or pickle."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Register the text for `scrub`."""
        self._text = text
        parts = (text, text.strip(), text.removeprefix("Bearer ").removeprefix("Basic "), *text.splitlines())
        _known.update(part for part in parts if len(part) >= _SHORTEST_SCRUBBED)

    def reveal(self) -> str:
        """The text itself; pass it on immediately."""
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
        """Compare two secrets in constant time; other types are never equal."""
        if not isinstance(other, Secret):
            return False
        return hmac.compare_digest(encoded(self._text), encoded(other._text))

    __hash__ = None  # type: ignore[assignment]  # a dictionary would not compare in constant time

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("a secret cannot be copied or pickled")


def encoded(text: str) -> bytes:
    """`text` as UTF-8; undecodable bytes of a file or the command line are restored."""
    return text.encode("utf-8", "surrogateescape" if _only_escaped(text) else "surrogatepass")


def _only_escaped(text: str) -> bool:
    return not any("\ud800" <= c < "\udc80" or "\udcff" < c <= "\udfff" for c in text)


def scrub(text: str) -> str:
    """`text` without all known secrets, and without anything that looks like one."""
    # Patterns come first: after the removal of a known part a secret may no longer match.
    text = _LOOKS_SECRET.sub(HIDDEN, text)
    for known in sorted(_known, key=len, reverse=True):
        text = text.replace(known, HIDDEN)
    return text
