"""Accepts only the requested names, in the requested order (cf. CVE-2019-6111 in scp)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kubectl_dshell.domain.text.bounds import one_line
from kubectl_dshell.errors import Forbidden, Truncated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kubectl_dshell.domain.cp.copy_spec import RemotePath

LONGEST_NAME = 255
"""Bytes of one file name (NAME_MAX of every common file system)."""
MOST_SOURCES = 65_536
"""Files and directories that the patterns of one copy may match."""

_PATTERN = re.compile(r"[*?[\\]")
# What negates a bracket expression: POSIX leaves ^ open, bash and ash take it for !, dash for itself.
_BRACKETS = {
    negations: re.compile(rf"\[[{re.escape(negations)}]?\]?(?:\[[:=.].*?[:=.]\]|[^\]])*\]", re.DOTALL)
    for negations in ("!^", "!")
}


class RequestedNames:
    """Checks the name of each source that arrives; sources arrive in the requested order."""

    def __init__(self, sources: Sequence[RemotePath]) -> None:
        self._sources = sources
        # The possible positions, since a name may match this pattern or already the next source: the index of the
        # current source, and whether a name has matched it.
        self._places = {(0, False)}
        self._count = 0

    def take(self, name: str, kind: str) -> None:
        """Raises Forbidden if `name` was not requested, or not at this point; Truncated if it is not a valid record."""
        if kind not in ("file", "folder") or not name:
            raise Truncated("the received data is not a file list")
        self._count += 1
        if self._count > MOST_SOURCES:
            raise Forbidden(f"received more than {MOST_SOURCES} files and directories; nothing was copied")
        places = set()
        for turn, _ in self._open():
            if turn < len(self._sources) and self._matches(turn, name, kind):
                places.add((turn, True) if _many(self._sources[turn]) else (turn + 1, False))
        if not places:
            raise _unasked(name, kind)
        self._places = places

    def end(self) -> None:
        """Raises Truncated if a requested source has not arrived."""
        turn = max(turn for turn, _ in self._open())
        if turn < len(self._sources):
            raise Truncated(f"/{self._sources[turn].path} was not received")

    def _open(self) -> set[tuple[int, bool]]:
        """The possible positions for the next name."""
        return self._places | {(turn + 1, False) for turn, served in self._places if served}

    def _matches(self, turn: int, name: str, kind: str) -> bool:
        source = self._sources[turn]
        return (kind == "folder" or not source.folder) and matches(source.last, name)


def matches(pattern: str, name: str) -> bool:
    """Whether a shell could expand `pattern` to `name`, matching bytes (LC_ALL=C) or characters."""
    if name == pattern:
        return True
    if name in (".", "..") or "/" in name or "\0" in name or not _PATTERN.search(pattern):
        return False
    raw, raw_name = (text.encode("utf-8", "surrogateescape").decode("latin-1") for text in (pattern, name))
    if len(raw_name) > LONGEST_NAME:
        return False
    readings = ((pattern, name), (raw, raw_name))
    return any(_fits(list(_tokens(read, negations)), as_) for read, as_ in readings for negations in _BRACKETS)


def _many(source: RemotePath) -> bool:
    return bool(_PATTERN.search(source.path))


def _unasked(name: str, kind: str) -> Forbidden:
    what = "a directory" if kind == "folder" else "a file"
    return Forbidden(
        f"received {what} that was not requested: {one_line(name)!r}; nothing was copied",
        "The app or the debug image sent it; this may be an attack.",
    )


def _fits(tokens: list[Callable[[str], bool] | None], name: str) -> bool:
    """Takes at most len(tokens) * len(name) steps, because the name is untrusted."""
    if name.startswith(".") and (not tokens or not isinstance(tokens[0], _Literal) or not tokens[0](".")):
        return False
    at = token = 0
    star, again = -1, 0
    while at < len(name):
        if token < len(tokens) and tokens[token] is None:
            star, again, token = token, at, token + 1
        elif token < len(tokens) and (one := tokens[token]) and one(name[at]):
            at, token = at + 1, token + 1
        elif star >= 0:
            again += 1
            at, token = again, star + 1
        else:
            return False
    return all(one is None for one in tokens[token:])


class _Literal:
    def __init__(self, char: str) -> None:
        self._char = char

    def __call__(self, char: str) -> bool:
        return char == self._char


def _tokens(pattern: str, negations: str) -> Iterator[Callable[[str], bool] | None]:
    """One predicate per character of a name; None for any number of characters (*)."""
    at = 0
    while at < len(pattern):
        char, width = pattern[at], 1
        if char == "*":
            yield None
        elif char == "?":
            yield lambda _: True
        elif char == "[" and (bracket := _BRACKETS[negations].match(pattern, at)):
            width = len(bracket[0])
            yield _one_of(bracket[0][1:-1], negations)
        elif char == "\\" and at + 1 < len(pattern):
            width = 2
            yield _Literal(pattern[at + 1])
        else:
            yield _Literal(char)
        at += width


def _one_of(text: str, negations: str) -> Callable[[str], bool]:
    """A bracket expression; one with a class or a backslash accepts every character."""
    if re.search(r"\[[:=.]|\\", text):
        return lambda _: True
    inverted = text.startswith(tuple(negations))
    ranges = [(part[0], part[-1]) for part in re.findall(r".-.|.", text[inverted:], re.DOTALL)]
    return lambda char: any(low <= char <= high for low, high in ranges) is not inverted
