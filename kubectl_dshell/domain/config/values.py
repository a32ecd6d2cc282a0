"""The settings, and how each value is written; a flag of the same name is written in the same way."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from kubectl_dshell.domain.access.privilege import Profile
from kubectl_dshell.domain.config.mirror import DEFAULT_REGISTRY, MIRROR_FORM, registry_of
from kubectl_dshell.domain.text.bounds import one_line
from kubectl_dshell.domain.text.duration import parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

E = TypeVar("E", bound=StrEnum)
_IMAGE = re.compile(r"[!-~]{1,512}")
_SHORT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class Colour(StrEnum):
    """When output is coloured; `auto`: on a terminal, or where FORCE_COLOR is set, unless NO_COLOR is."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class Origin(StrEnum):
    """What kind of place a value comes from."""

    DEFAULT = "default"
    FILE = "file"
    VARIABLE = "variable"
    FLAG = "flag"


class Source(NamedTuple):
    """Where a value comes from; `name` is the file and its section, the variable, or the flag."""

    origin: Origin = Origin.DEFAULT
    name: str = ""

    def __str__(self) -> str:
        return self.name or self.origin.value


class Sourced(NamedTuple):
    """A value, and where it comes from."""

    value: Any
    source: Source = Source()


def nearest(word: str, names: Iterable[str]) -> str:
    """` (did you mean NAME?)`, or nothing if none is alike."""
    import difflib

    alike = difflib.get_close_matches(word, list(names), n=1)
    return f" (did you mean {alike[0]}?)" if alike else ""


def _kind(value: object) -> str:
    """What a value that is no string is in TOML; its own text may be of any size and depth."""
    kinds = {bool: "a boolean", int: "a number", float: "a number", dict: "a table", list: "an array"}
    return kinds.get(type(value), "a date or time")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{_kind(value)} is not a string in quotes")  # noqa: TRY004  # of a file's author
    return value


def _image(value: object) -> str:
    text = _text(value)
    if not _IMAGE.fullmatch(text):
        raise ValueError(f"{one_line(repr(text), 64)} is not the name of an image")
    return text


def _duration(value: object) -> int:
    if not isinstance(value, str):
        raise ValueError(f'{_kind(value)} is not a string in quotes; for example: "90s"')  # noqa: TRY004
    return parse_duration(value)


def _at_least_a_second(value: object) -> int:
    seconds = _duration(value)
    if seconds < 1:
        raise ValueError("it must be at least 1s")
    return seconds


def _one_of(members: type[E]) -> Callable[[object], E]:
    def read(value: object) -> E:
        text = _text(value)
        if text not in set(members):
            near = nearest(text, members)
            raise ValueError(f"{one_line(repr(text), 64)} is not one of {', '.join(members)}{near}")
        return members(text)

    return read


def _yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        text = one_line(repr(value), 64) if isinstance(value, str) else _kind(value)
        raise ValueError(f"{text} is neither true nor false")  # noqa: TRY004
    return value


VALUES: dict[str, Callable[[object], Any]] = {
    "image": _image,
    "ttl": _at_least_a_second,
    "keep": _duration,
    "timeout": _at_least_a_second,
    "profile": _one_of(Profile),
    "reason-required": _yes_or_no,
    "colour": _one_of(Colour),
}
"""Each raises ValueError with what is wrong."""
OTHER_SPELLINGS = {"color": "colour"}


def read_short_name(name: str, image: object) -> tuple[str, str]:
    """An entry of [images]; raises ValueError."""
    if not _SHORT_NAME.fullmatch(name):
        raise ValueError("a short name has letters, digits and ._- only")
    return name, _image(image)


def read_mirror(prefix: str, replacement: object) -> tuple[str, str]:
    """An entry of [mirrors], without slashes at the ends; raises ValueError."""
    registry, slash, rest = prefix.rstrip("/").partition("/")
    if registry != registry.lower():
        raise ValueError("a registry is written in lower case")
    prefix = DEFAULT_REGISTRY + slash + rest if registry == f"index.{DEFAULT_REGISTRY}" else registry + slash + rest
    text = _text(replacement).rstrip("/")
    if not MIRROR_FORM.fullmatch(prefix) or not registry_of(prefix):
        raise ValueError("a prefix begins with a registry, such as docker.io or registry.example.com/tools")
    if not MIRROR_FORM.fullmatch(text) or not registry_of(text):
        raise ValueError(f"{one_line(repr(text), 64)} does not begin with a registry, such as mirror.example.com")
    return prefix, text


def read_variable(name: str, text: str) -> Any:
    """The value of DSHELL_REASON_REQUIRED, DSHELL_COLOUR or DSHELL_MIRRORS as in a file; raises ValueError."""
    if name == "reason-required":
        if text not in ("true", "false"):
            raise ValueError(f"{one_line(repr(text), 64)} is neither true nor false")
        return text == "true"
    if name == "mirrors":
        return dict(read_mirror(*_pair(word)) for word in text.split(","))
    return VALUES[name](text)


def _pair(word: str) -> tuple[str, str]:
    prefix, equals, replacement = word.strip().partition("=")
    if not equals:
        raise ValueError(f"{one_line(repr(word), 64)} is not PREFIX=MIRROR")
    return prefix, replacement
