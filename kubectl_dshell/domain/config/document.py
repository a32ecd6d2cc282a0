"""A configuration file as values: sections, checked key by key."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from kubectl_dshell.domain.config.values import OTHER_SPELLINGS, VALUES, nearest, read_mirror, read_short_name
from kubectl_dshell.domain.text.bounds import one_line
from kubectl_dshell.errors import BadConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_TABLES: dict[str, Callable[[str, object], tuple[str, str]]] = {"images": read_short_name, "mirrors": read_mirror}


class Place(NamedTuple):
    """What a section is for; None: any."""

    context: str | None = None
    namespace: str | None = None


class Section(NamedTuple):
    """Settings by name, short names and mirrors; `title` is its heading, empty at the top."""

    title: str
    values: dict[str, Any]
    images: dict[str, str]
    mirrors: dict[str, str]


class Config(NamedTuple):
    """A configuration file."""

    path: str
    sections: dict[Place, Section]


def parse_config(path: str, document: Mapping[str, Any]) -> Config:
    """Raises BadConfig with the file, the key, and the name that was meant."""
    found: dict[Place, Section] = {Place(): _section(path, "", document, ("contexts", "namespaces"))}
    for namespace, table in _tables(path, "namespaces", document):
        found[Place(None, namespace)] = _section(path, _title("namespaces", namespace), table, ())
    for context, table in _tables(path, "contexts", document):
        title = _title("contexts", context)
        found[Place(context, None)] = _section(path, title, table, ("namespaces",))
        for namespace, inner in _tables(path, "namespaces", table, title):
            found[Place(context, namespace)] = _section(path, f"{title}.{_title('namespaces', namespace)}", inner, ())
    return Config(path, found)


def _title(kind: str, name: str) -> str:
    return f"{kind}.{name if _BARE.fullmatch(name) else json.dumps(name)}"


def _tables(path: str, key: str, table: Mapping[str, Any], within: str = "") -> list[tuple[str, Mapping[str, Any]]]:
    """The tables below `key`, by name."""
    below = table.get(key, {})
    where = f"{within}.{key}" if within else key
    if not isinstance(below, dict):
        raise _wrong(path, within, key, f"is not a table; write [{where}.NAME]")
    for name, one in below.items():
        if not isinstance(one, dict):
            raise _wrong(path, where, name, f"is not a table; write [{where}.NAME]")
    return list(below.items())


def _section(path: str, title: str, table: Mapping[str, Any], deeper: tuple[str, ...]) -> Section:
    found = Section(title, {}, {}, {})
    for key, value in table.items():
        if key in deeper:
            continue
        name = OTHER_SPELLINGS.get(key, key)
        if name in VALUES:
            if name in found.values:
                both = " and ".join(sorted(_quoted(one) for one in table if OTHER_SPELLINGS.get(one, one) == name))
                raise BadConfig(f"{path}: {both} are one key{_in(title)}; remove one of the two", _SEE)
            found.values[name] = _checked(path, title, key, VALUES[name], value)
        elif key in _TABLES:
            entries = found.images if key == "images" else found.mirrors
            entries.update(_entries(path, f"{title}.{key}" if title else key, _TABLES[key], value))
        else:
            shown, near = one_line(key, 64), nearest(key, (*VALUES, *_TABLES, *deeper))
            raise BadConfig(f"{path}: unknown key {_quoted(shown)}{_in(title)}{near}", _SEE)
    return found


def _entries(
    path: str, title: str, read: Callable[[str, object], tuple[str, str]], table: object
) -> list[tuple[str, str]]:
    if not isinstance(table, dict):
        above, _, key = title.rpartition(".")
        raise _wrong(path, above, key, f"is not a table; write [{title}]")
    return [_checked(path, title, name, partial(read, name), one) for name, one in table.items()]


_SEE = "All keys: kubectl dshell config --help"


def _checked(path: str, title: str, key: str, read: Callable[[Any], Any], value: object) -> Any:
    try:
        return read(value)
    except ValueError as error:
        raise _wrong(path, title, key, f"is invalid: {error}") from error


def _wrong(path: str, title: str, key: str, why: str) -> BadConfig:
    return BadConfig(f"{path}: the key {_quoted(one_line(key, 64))}{_in(title)} {why}", _SEE)


def _quoted(text: str) -> str:
    return f'"{text}"'


def _in(title: str) -> str:
    return f" in [{one_line(title)}]" if title else ""
