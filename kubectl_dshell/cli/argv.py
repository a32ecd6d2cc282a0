"""Splits the command line before click parses it: our arguments, and the remote command after `--`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Container, Sequence


def split_words(
    words: Sequence[str], verbs: Container[str], default: click.Command
) -> tuple[str | None, list[str], tuple[str, ...] | None]:
    """(verb or None, our arguments without it, the command after `--` or None without `--`).

    The verb is the first argument that is neither a flag nor the value of one, as in kubectl: `-n shop ls` is `ls`.
    None as well if a flag is invalid: then the default command says so.
    """
    head = list(words)
    command: tuple[str, ...] | None = None
    if "--" in head:
        at = head.index("--")
        head, command = head[:at], tuple(head[at + 1 :])
    position = _first_argument(head, default)
    if position is None or head[position] not in verbs:
        return None, head, command
    return head[position], head[:position] + head[position + 1 :], command


def arguments(command: click.Command, words: Sequence[str]) -> list[str]:
    """The positional arguments among `words`; none if a flag is invalid."""
    try:
        found, _, _ = command.make_parser(click.Context(command)).parse_args(list(words))
    except click.UsageError:
        return []
    named = [found.get(one.name or "") for one in command.params if isinstance(one, click.Argument)]
    return [word for value in named if isinstance(value, tuple | list) for word in value]


def with_dashes(words: Sequence[str], verb: click.Command) -> list[str]:
    """The words of a verb that takes one argument, with `--` before the command that follows it; [] if none does."""
    first = _first_argument(words, verb)
    second = None if first is None else _first_argument(words[first + 1 :], verb)
    if first is None or second is None:
        return []
    at = first + 1 + second
    try:
        verb.make_parser(click.Context(verb)).parse_args(list(words[:at]))
    except click.UsageError:  # that is the mistake
        return []
    return [*words[:at], "--", *words[at:]]


def may_be_ours(verb: click.Command, command: Sequence[str]) -> bool:
    """Whether a word of `command` may be meant for the verb: one of its long flags, or -n; others are sh's, too."""
    long = {name for param in verb.params for name in (*param.opts, *param.secondary_opts) if name.startswith("--")}
    return any(word.startswith("-n") or word.partition("=")[0] in long for word in command)


def check_text(words: Sequence[str], what: str = "argument {}", *, but: Sequence[str] = ()) -> None:
    """Raises click.UsageError for arguments that the API cannot carry: invalid UTF-8, and NUL characters.

    `but` are the names of files to copy, which may have any bytes except NUL. The message gives the position of an
    argument and not the argument itself, which may be a token.
    """
    for place, word in enumerate(words, 1):
        if not _is_text(word) and words.count(word) > but.count(word):
            raise click.UsageError(f"{what.format(place)} is not valid UTF-8, as the Kubernetes API requires")
        if "\0" in word:
            raise click.UsageError(f"{what.format(place)} contains a NUL character")


def _is_text(word: str) -> bool:
    """Whether it is valid UTF-8; Python keeps other bytes as lone surrogates."""
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


def _first_argument(words: Sequence[str], default: click.Command) -> int | None:
    """Its position, as click finds it: in `-qn shop ls` shop is the value of -n. Unknown flags take no value."""
    flags = click.Command(None, params=[param for param in default.params if isinstance(param, click.Option)])
    flags.allow_interspersed_args, flags.ignore_unknown_options = False, True
    try:
        _, left, _ = flags.make_parser(click.Context(flags)).parse_args(list(words))
    except click.UsageError:
        return None
    after = next((at for at, word in enumerate(left) if not word.startswith("-") or word == "-"), len(left))
    return len(words) - len(left) + after if after < len(left) else None
