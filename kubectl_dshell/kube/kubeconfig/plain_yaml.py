"""The YAML that kubectl, cloud programs and people usually write, and JSON, without the yaml package.

Its import takes 10 ms, longer than everything else about a kubeconfig. What is read here has one key, item or value a
line, without comments after a value, anchors, tags, several documents, text over several lines, or anything but
printable ASCII. It means the same to the yaml package, which reads everything else (`yaml_reader`); a test with random
documents compares them.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

_MOST_LINES = 10_000
_DEEPEST = 50
_MOST_BRACKETS = 100
"""In JSON, so that it cannot be nested deeper than `yaml_reader` allows."""
_PRINTABLE = re.compile(rb"[\n\x20-\x7e]*")
_KEY = re.compile(r"([A-Za-z][-A-Za-z0-9_./]{0,99}):(?: +(.+))?")
_PLAIN = re.compile(r"(?:--?(?=[A-Za-z]))?[A-Za-z0-9/](?:[-A-Za-z0-9_./:@=+,]*[-A-Za-z0-9_./@=+,])?")
_QUOTED = re.compile(r"\"([^\"\\]*)\"|'([^']*)'")
_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_FRACTION = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_TRUE = frozenset(["true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"])
_FALSE = frozenset(["false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"])
_NULL = frozenset(("", "~", "null", "Null", "NULL"))


class NotPlain(Exception):
    """It takes the yaml package to read it, or to say what is wrong with it."""


class _Line(NamedTuple):
    indent: int
    text: str


def parse(content: bytes) -> Any:
    """Dictionaries with string keys, lists, strings, numbers, booleans, None. Raises NotPlain."""
    if not _PRINTABLE.fullmatch(content):
        raise NotPlain
    text = content.decode()
    if text.startswith("{"):
        return _json(text)
    found = [line.rstrip() for line in text.split("\n") if line.strip() and not line.lstrip().startswith("#")]
    if not found or len(found) > _MOST_LINES:
        raise NotPlain
    return _Block([_Line(len(line) - len(line.lstrip()), line.lstrip()) for line in found]).document()


def value_of(text: str) -> Any:
    """The value of a scalar that is neither quoted nor tagged."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _NUMBER.fullmatch(text):
        return int(text)
    return float(text) if _FRACTION.fullmatch(text) else text


def _json(text: str) -> Any:
    _require(text.count("{") + text.count("[") <= _MOST_BRACKETS and text.count(",") <= _MOST_LINES)
    _require("\\" not in text)  # half of a surrogate pair, and more that the two may read differently
    try:
        return json.loads(text, parse_int=value_of, parse_float=value_of, parse_constant=_refuse)
    except ValueError as error:
        raise NotPlain from error


def _refuse(_name: str) -> Any:
    raise NotPlain


class _Block:
    """Reads lines from the first to the last; a nested block is one that is indented more."""

    def __init__(self, lines: list[_Line]) -> None:
        self._lines, self._at = [*lines, _Line(-1, "")], 0

    def document(self) -> Any:
        found = self._block(0, 0)
        _require(self._at == len(self._lines) - 1)
        return found

    def _block(self, indent: int, depth: int) -> Any:
        _require(self._line.indent == indent and depth < _DEEPEST)
        return self._sequence(indent, depth) if _is_item(self._line.text) else self._mapping(indent, depth)

    def _mapping(self, indent: int, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self._line.indent == indent and not _is_item(self._line.text):
            key = _KEY.fullmatch(self._line.text)
            if key is None:
                raise NotPlain
            self._at += 1
            under = self._line
            if key[2] is not None:
                found[key[1]] = _scalar(key[2])
            elif under.indent > indent or (under.indent == indent and _is_item(under.text)):
                found[key[1]] = self._block(under.indent, depth + 1)
            else:
                found[key[1]] = None
            _require(self._line.indent <= indent)
        return found

    def _sequence(self, indent: int, depth: int) -> list[Any]:
        found: list[Any] = []
        while self._line.indent == indent and _is_item(self._line.text):
            text = self._line.text[1:].lstrip()
            if _KEY.fullmatch(text):
                column = indent + len(self._line.text) - len(text)
                self._lines[self._at] = _Line(column, text)
                found.append(self._block(column, depth + 1))
            else:
                self._at += 1
                found.append(_scalar(text))
            _require(self._line.indent <= indent)
        return found

    @property
    def _line(self) -> _Line:
        return self._lines[self._at]


def _is_item(text: str) -> bool:
    return text.startswith("- ")


def _scalar(text: str) -> Any:
    if text in ("{}", "[]"):
        return {} if text == "{}" else []
    if quoted := _QUOTED.fullmatch(text):
        return quoted[1] or quoted[2] or ""
    _require(_PLAIN.fullmatch(text))
    return value_of(text)


def _require(right: object) -> None:
    if not right:
        raise NotPlain
