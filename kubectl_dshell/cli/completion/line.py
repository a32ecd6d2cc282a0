"""The unfinished command line before a TAB, read with the flags that the verbs declare."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from kubectl_dshell.cli.argv import split_words
from kubectl_dshell.cli.flags.connection import ConnectionFlags
from kubectl_dshell.domain.text.invocation import ALIASES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

OPEN = ""
"""The verb of `kubectl dshell POD`, which has no name."""
_CONNECTION = frozenset(param.name for param in ConnectionFlags.params()) | {"namespace"}


class Line(NamedTuple):
    """What is known of a command line whose last word is being typed."""

    verb: str
    command: click.Command
    operands: tuple[str, ...]
    """The arguments before the last word that are neither flags nor values of flags."""
    given: Mapping[str, str]
    """The values of flags before it, by the names of their parameters."""
    connection: tuple[str, ...]
    """The flags that lead to the cluster, as words."""
    flag: click.Option | None
    """The flag whose value the last word is."""
    current: str
    """What has been typed of the last word, or of the value in it."""
    prefix: str = ""
    """What precedes the value in the last word: `--namespace=`."""


def read_line(words: Sequence[str], verbs: Mapping[str, click.Command], opener: click.Command) -> Line | None:
    """The line that ends with the last of `words`; None behind `--`, where another program's words are."""
    before, current = list(words[:-1]), words[-1] if words else ""
    if "--" in before:
        return None
    verb, head, _ = split_words(before, {*verbs, *ALIASES}, opener)
    return _Reading(verbs.get(verb or OPEN, opener), head).line(verb or OPEN, current)


def flags_of(command: click.Command) -> dict[str, click.Option]:
    """The flags of a verb by their names, each with its dashes."""
    options = (param for param in command.params if isinstance(param, click.Option))
    return {name: option for option in options for name in (*option.opts, *option.secondary_opts) if name[0] == "-"}


class _Reading:
    def __init__(self, command: click.Command, words: Sequence[str]) -> None:
        self._command = command
        self._flags = flags_of(command)
        self._operands: list[str] = []
        self._given: dict[str, str] = {}
        self._connection: list[str] = []
        self._pending: click.Option | None = None
        for word in words:
            self._read(word)

    def _read(self, word: str) -> None:
        if self._pending is not None:
            self._note(self._pending, word)
            self._pending = None
        elif not word.startswith("-") or word == "-":
            self._operands.append(word)
        else:
            for option, value in _flags_in(word, self._flags):
                if value is None and _wants_value(option):
                    self._pending = option
                else:
                    self._note(option, value or "")

    def _note(self, option: click.Option, value: str) -> None:
        name = option.name or ""
        self._given[name] = value
        if name in _CONNECTION:
            longest = max(option.opts, key=len)
            self._connection += [longest if option.is_flag else f"{longest}={value}"]

    def line(self, verb: str, current: str) -> Line:
        flag, prefix = self._pending, ""
        if flag is None and current.startswith("--") and "=" in current:
            name, _, current = current.partition("=")
            prefix, flag = f"{name}=", self._flags.get(name)
            if flag is None or flag.is_flag:
                prefix, flag, current = "", None, f"{name}={current}"
        return Line(
            verb, self._command, tuple(self._operands), self._given, tuple(self._connection), flag, current, prefix
        )


def _flags_in(word: str, flags: Mapping[str, click.Option]) -> Iterator[tuple[click.Option, str | None]]:
    """The flags of one word, with the value that is in it: `--name=value`, `-nvalue`, `-qn value`. Unknown ones not."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        if name in flags:
            yield flags[name], value if equals else None
        return
    for at, letter in enumerate(word[1:], 2):
        option = flags.get(f"-{letter}")
        if option is None:
            return
        if not option.is_flag:
            yield option, word[at:].removeprefix("=") or None
            return
        yield option, None


def _wants_value(option: click.Option) -> bool:
    """Whether the next word is its value: one that may stand alone (--dry-run) has it after `=` only."""
    return not option.is_flag and not isinstance(option.flag_value, str)
