"""Typed access to entries of a kubeconfig; a value of the wrong type is reported with its location."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubectl_dshell.errors import BadConfig
from kubectl_dshell.kube.kubeconfig.secret import Secret, encoded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_KINDS = {str: "a string", bool: "a boolean", int: "a number", float: "a number", list: "a list", dict: "a mapping"}


@dataclass(frozen=True, slots=True)
class NamedEntry:
    """A named cluster, context or user, or a part of one; the accessors raise BadConfig for a wrong type.

    `value` may contain secrets and is not shown.
    """

    name: str
    value: Mapping[str, Any] = field(repr=False)
    directory: Path = field(default_factory=Path)
    """The base of relative paths."""
    kind: str = ""
    """cluster, context or user."""
    file: Path | None = None
    within: str = ""
    """For a part: the keys that lead to it, each followed by a dot."""
    advice: tuple[str, ...] = ("See: kubectl config view",)
    """For a value that is wrong."""

    @property
    def whole(self) -> str:
        """The entry that it is or belongs to: 'user "jane"'."""
        return f'{self.kind} "{self.name}"' if self.kind else f'"{self.name}"'

    def text(self, key: str) -> str:
        """A string; empty if absent."""
        found = self._typed(key, str)
        return found if isinstance(found, str) else ""

    def secret(self, key: str) -> Secret | None:
        """A string that must not be shown; None if empty."""
        text = self.text(key)
        return Secret(text) if text else None

    def flag(self, key: str) -> bool:
        return self._typed(key, bool) is True

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings."""
        return tuple(self._checked(f"{key}[{at}]", item, str) for at, item in enumerate(self._typed(key, list) or ()))

    def part(self, key: str) -> NamedEntry | None:
        """The mapping at `key`; None if absent or empty."""
        found = self._typed(key, dict)
        return self._part(key, found) if found else None

    def parts(self, key: str) -> tuple[NamedEntry, ...]:
        """A list of mappings."""
        listed = list(enumerate(self._typed(key, list) or ()))
        return tuple(self._part(f"{key}[{at}]", self._checked(f"{key}[{at}]", item, dict)) for at, item in listed)

    def path(self, key: str) -> Path | None:
        """The path in `key`, or None."""
        text = self.text(key)
        return self.directory / native(self.checked_word(key, text)) if text else None

    def word(self, key: str) -> str:
        """A string that can be passed to another program."""
        return native(self.checked_word(key, self.text(key)))

    def words(self, key: str) -> tuple[str, ...]:
        return tuple(native(self.checked_word(f"{key}[{at}]", item)) for at, item in enumerate(self.texts(key)))

    def checked_word(self, key: str, text: str) -> str:
        if "\0" in text:
            raise self.wrong(key, "contains a NUL character")
        return text

    def wrong(self, key: str, what: str) -> BadConfig:
        """An error about `key`, with its location."""
        where = f" in {self.file}" if self.file else ""
        return BadConfig(f"{self.whole}{where}: {self.within}{key} {what}", *self.advice)

    def but(self, **changes: Any) -> NamedEntry:
        """A copy with some values replaced; keys have underscores instead of dashes."""
        given = {key.replace("_", "-"): value for key, value in changes.items()}
        return replace(self, value={**self.value, **given})

    def _part(self, key: str, value: Mapping[str, Any]) -> NamedEntry:
        return replace(self, value=value, within=f"{self.within}{key}.")

    def _typed(self, key: str, kind: type) -> Any:
        found = self.value.get(key)
        return None if found is None else self._checked(key, found, kind)

    def _checked(self, key: str, found: Any, kind: type) -> Any:
        if isinstance(found, kind):
            return found
        raise self.wrong(key, f"is {_called(found)}, but must be {_KINDS[kind]}")


def _called(value: object) -> str:
    return "null" if value is None else _KINDS.get(type(value), type(value).__name__)


def entries(document: Mapping[str, Any], section: str, kind: str, file: Path) -> Sequence[NamedEntry]:
    """The entries of one section of the kubeconfig `file`.

    Raises:
        BadConfig: the section is not a list, an element is not a named mapping, or two have the same name.
    """
    listed = document.get(section)
    if listed is None:
        return ()
    if not isinstance(listed, list):
        raise BadConfig(f"{file} is not a kubeconfig: {section} is {_called(listed)}, but must be a list")
    found: dict[str, NamedEntry] = {}
    for item in listed:
        name = item.get("name") if isinstance(item, dict) else None
        if not isinstance(name, str):
            raise BadConfig(f"kubeconfig {file}: every entry of {section} needs a name that is a string")
        value = item.get(kind)
        if value is not None and not isinstance(value, dict):
            raise BadConfig(f'kubeconfig {file}: {kind} "{name}" is not a mapping, but {_called(value)}')
        if name in found:
            raise BadConfig(f'kubeconfig {file}: {kind} "{name}" is there twice', "Rename or remove one of them.")
        found[name] = NamedEntry(name, value or {}, file.absolute().parent, kind, file)
    return tuple(found.values())


def from_flag(path: str) -> str:
    """A path from the command line made absolute, so that `path` resolves to the bytes that were typed."""
    return os.fsencode(Path(path).absolute()).decode("utf-8", "surrogateescape")


def native(text: str) -> str:
    """`text` such that the operating system receives it as UTF-8, as from kubectl, in any locale."""
    return os.fsdecode(encoded(text))
