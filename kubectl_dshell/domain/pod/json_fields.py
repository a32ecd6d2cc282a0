"""Reads untrusted JSON field by field; a wrong type or an excessive size raises Malformed with the field's path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kubectl_dshell.domain.text.bounds import LONGEST_LINE, one_line
from kubectl_dshell.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Mapping

IS_MALFORMED = " is malformed: "
"""Between the name of the object and the reason, in the message of every Malformed that is raised here."""
LONGEST_TEXT = 3 * 1024 * 1024
"""Characters of one string; the API server accepts no larger request, and etcd usually half of that."""
MOST_ITEMS = 16384
"""Items of one list: more than fit into an object of the size that etcd accepts."""
_DEEPEST = 16
_LAST_YEAR = 9000  # leaves room for arithmetic on the time
_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
LABEL = re.compile(_LABEL, re.ASCII)
"""RFC 1123 label: a namespace, a container."""
SUBDOMAIN = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*", re.ASCII | re.DOTALL)
"""RFC 1123 subdomain: a pod, a node."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)


@dataclass(slots=True)
class Fields:
    """A JSON object. `what` names it in errors ("pod shop/web"); it is the field `name_there` of `within`, if any."""

    what: str
    json: Mapping[str, Any]
    within: Fields | None = None
    name_there: str = ""

    @classmethod
    def of(cls, what: str, json: object) -> Fields:
        """Raises Malformed unless `json` is an object, as every method below does for a value of another type."""
        if not isinstance(json, dict):
            raise _malformed(what, "", "is not an object")
        return cls(what, json)

    def text(self, name: str, longest: int = LONGEST_TEXT) -> str:
        """A string; empty if absent."""
        value = self.json.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self.wrong(name, "is not a string")
        if len(value) > longest:
            raise self.wrong(name, f"has more than {longest} characters")
        return value

    def name(self, name: str, form: re.Pattern[str] = LABEL, *, optional: bool = False) -> str:
        """A name of the given form, safe in a path, a command or a line; may be empty if optional."""
        value = self.text(name, LONGEST_LINE)
        if not (form.fullmatch(value) or (optional and not value)):
            raise self.wrong(name, f"is not a valid name: {one_line(value, 64)!r}")
        return value

    def number(self, name: str, lowest: int, highest: int) -> int | None:
        """An integer; None if absent."""
        value = self.json.get(name)
        if value is None:
            return None
        if type(value) is not int or not lowest <= value <= highest:  # a bool is an int, too
            raise self.wrong(name, f"is not an integer from {lowest} to {highest}")
        return value

    def flag(self, name: str) -> bool:
        value = self.json.get(name)
        if not isinstance(value, bool | None):
            raise self.wrong(name, "is not a boolean")
        return bool(value)

    def time(self, name: str) -> datetime | None:
        """A metav1.Time (RFC 3339), in UTC; None if absent."""
        text = self.text(name, LONGEST_LINE)
        if not text:
            return None
        try:
            if _TIME.fullmatch(text) and int(text[:4]) <= _LAST_YEAR:
                return datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise self.wrong(name, f"is not an RFC 3339 time: {one_line(text, 64)!r}")

    def fields(self, name: str) -> Fields:
        """A nested object; an empty one if absent."""
        value = self.json.get(name)
        if not isinstance(value, dict | None):
            raise self.wrong(name, "is not an object")
        return Fields(self.what, value or {}, self, name)

    def items(self, name: str, most: int = MOST_ITEMS) -> list[Fields]:
        """A list of objects; empty if absent."""
        if not self.json.get(name):
            return self._list(name, most)  # empty, or not a list
        items = [Fields(self.what, item, self, f"{name}[{n}]") for n, item in enumerate(self._list(name, most))]
        for one in items:
            if not isinstance(one.json, dict):
                raise self.wrong(one.name_there, "is not an object")
        return items

    def texts(self, name: str, most: int = MOST_ITEMS) -> list[str]:
        """A list of strings; empty if absent."""
        listed = self._list(name, most)
        for number, item in enumerate(listed):
            if not isinstance(item, str):
                raise self.wrong(f"{name}[{number}]", "is not a string")
        return list(listed)

    def numbers(self, name: str, lowest: int, highest: int, most: int = MOST_ITEMS) -> list[int]:
        """A list of integers; empty if absent."""
        listed = self._list(name, most)
        for number, item in enumerate(listed):
            if type(item) is not int or not lowest <= item <= highest:
                raise self.wrong(f"{name}[{number}]", f"is not an integer from {lowest} to {highest}")
        return list(listed)

    def labels(self, name: str) -> dict[str, str]:
        """An object of strings; empty if absent."""
        fields = self.fields(name)
        if len(fields.json) > MOST_ITEMS:
            raise self.wrong(name, f"has more than {MOST_ITEMS} entries")
        return {key: fields.text(key) for key in fields.json}

    def shallow(self, name: str) -> Fields:
        """An object that is passed on unchanged: at most 16 levels deep."""
        fields = self.fields(name)
        level: list[Any] = [fields.json]
        for _ in range(_DEEPEST):
            level = [inner for value in level for inner in _inner(value)]
        if level:
            raise self.wrong(name, f"has more than {_DEEPEST} levels")
        return fields

    def wrong(self, name: str, why: str) -> Malformed:
        """The error for the field `name`."""
        return _malformed(self.what, self._at(name), why)

    def _list(self, name: str, most: int) -> list[Any]:
        value = self.json.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.wrong(name, "is not a list")
        if len(value) > most:
            raise self.wrong(name, f"has more than {most} items")
        return value

    def _at(self, name: str) -> str:
        above = self.within._at(self.name_there) if self.within else ""  # noqa: SLF001  # same class
        return f"{above}.{one_line(name, 64)}" if above else one_line(name, 64)


def _inner(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [one for one in value.values() if isinstance(one, dict | list)]
    return [one for one in value if isinstance(one, dict | list)]


def _malformed(what: str, path: str, why: str) -> Malformed:
    return Malformed(f"{what}{IS_MALFORMED}{path or 'it'} {why}")
