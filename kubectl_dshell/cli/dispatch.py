"""Finds the verb on the command line, and runs it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from kubectl_dshell.cli.argv import arguments, check_text, may_be_ours, split_words, with_dashes
from kubectl_dshell.cli.flags.connection import REFUSED
from kubectl_dshell.cli.verbs.open import open_command
from kubectl_dshell.domain.text.invocation import ALIASES, UNKNOWN_VERBS, Invocation
from kubectl_dshell.errors import ExitStatus
from kubectl_dshell.terminal.descriptors import require_posix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROGRAM = "kubectl dshell"


def _ls() -> click.Command:
    from kubectl_dshell.cli.verbs.ls import ls_command

    return ls_command


def _attach() -> click.Command:
    from kubectl_dshell.cli.verbs.attach import attach_command

    return attach_command


def _cp() -> click.Command:
    from kubectl_dshell.cli.verbs.cp import cp_command

    return cp_command


def _cleanup() -> click.Command:
    from kubectl_dshell.cli.verbs.cleanup import cleanup_command

    return cleanup_command


def _gather() -> click.Command:
    from kubectl_dshell.cli.verbs.gather import gather_command

    return gather_command


def _doctor() -> click.Command:
    from kubectl_dshell.cli.verbs.diagnosis.doctor import doctor_command

    return doctor_command


def _explain() -> click.Command:
    from kubectl_dshell.cli.verbs.diagnosis.explain import explain_command

    return explain_command


def _image() -> click.Command:
    from kubectl_dshell.cli.verbs.image import image_command

    return image_command


def _config() -> click.Command:
    from kubectl_dshell.cli.verbs.config import config_command

    return config_command


def _completion() -> click.Command:
    from kubectl_dshell.cli.verbs.completion import completion_command

    return completion_command


def _options() -> click.Command:
    from kubectl_dshell.cli.verbs.options import options_verb

    return options_verb(lambda: open_command.full_help(click.Context(open_command, info_name=PROGRAM)))


class _Verbs(Mapping[str, click.Command]):
    """The verbs by name; each module is imported on first use, which keeps the others fast."""

    def __init__(self, **load: Callable[[], click.Command]) -> None:
        self._load = load

    def __getitem__(self, name: str) -> click.Command:
        return self._load[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._load)

    def __len__(self) -> int:
        return len(self._load)

    def __contains__(self, name: object) -> bool:
        return name in self._load


VERBS = _Verbs(
    ls=_ls,
    attach=_attach,
    cp=_cp,
    cleanup=_cleanup,
    gather=_gather,
    image=_image,
    config=_config,
    doctor=_doctor,
    explain=_explain,
    completion=_completion,
    options=_options,
)


def dispatch(words: list[str]) -> int:
    """The exit code of the verb; what click has to say about the command line is printed."""
    verb, head, command = split_words(words, {*VERBS, *ALIASES, *UNKNOWN_VERBS}, open_command)
    name = PROGRAM
    try:
        verb, head = _translate(verb, head, command)
        name = f"{PROGRAM} {verb}" if verb else PROGRAM
        entry = VERBS[verb] if verb else open_command
        check_text(words, but=[*arguments(entry, head), *(command or ())] if verb == "cp" else ())
        context = _context(entry, name, head, command)
        if verb != "options":
            require_posix()
        with context:
            return int(entry.invoke(context) or 0)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.UsageError as error:
        from kubectl_dshell.output.notices import write_line

        write_line(f"error: {_in_lower_case(_message(error))}\nSee: {name} --help")
        return int(ExitStatus.USAGE)
    except click.Abort:
        return int(ExitStatus.INTERRUPTED)


_TAKES_COMMAND = ("attach", "image")
"""Verbs with one argument, which a command may follow after --."""
_SECRET = re.compile(r"--token\b|[^@]*@")


def _context(entry: click.Command, name: str, head: list[str], command: tuple[str, ...] | None) -> click.Context:
    """The parsed command line; raises click.UsageError, with the corrected one if clearly only `--` is missing."""
    try:
        return entry.make_context(name, list(head), obj=command)  # it takes the words out of the list
    except click.UsageError as error:
        mended = with_dashes(head, entry) if entry.name in _TAKES_COMMAND and command is None else []
        if not mended or isinstance(error, click.BadParameter):
            raise
        said = f"{entry.name} takes one argument; a command goes after --"
        if not (any(map(_SECRET.match, mended)) or may_be_ours(entry, mended[mended.index("--") + 1 :])):
            said += f": {PROGRAM} {shlex.join([str(entry.name), *mended])}"
        raise click.UsageError(said) from error


def _message(error: click.UsageError) -> str:
    if isinstance(error, click.NoSuchOption) and error.option_name in REFUSED:
        why, instead = REFUSED[error.option_name]
        return f"{error.option_name} is a flag of kubectl without a meaning here: {why}\n{instead}"
    return error.format_message()


def _in_lower_case(message: str) -> str:
    """Messages of click start with a capital letter; those of kubectl, and ours, do not."""
    return message[:1].lower() + message[1:] if message[1:2].islower() else message


def _translate(verb: str | None, head: list[str], command: tuple[str, ...] | None) -> tuple[str | None, list[str]]:
    """Turns verbs of kubectl into our flags; raises click.UsageError for those that do not exist here."""
    if verb is None or verb in VERBS:
        return verb, head
    if verb in UNKNOWN_VERBS:
        raise click.UsageError(f'unknown command "{verb}" for "{PROGRAM}"\n{_pod_called(verb, head, command)}')
    if command is not None:
        raise click.UsageError(f"{verb} takes no command after --\n{_pod_called(verb, head, command)}")
    if verb == "version":
        return None, ["--version", *head]
    topics = [topic for topic in arguments(open_command, head) if topic != "help"]
    if len(topics) > 1 or not VERBS.keys() >= set(topics):
        raise click.UsageError(f'unknown help topic "{" ".join(topics)}"; available: {", ".join(VERBS)}')
    return (topics[0] if topics else None), ["--help"]


def _pod_called(verb: str, head: list[str], command: tuple[str, ...] | None) -> str:
    check_text([*head, *(command or ())])
    options = open_command.options(open_command.make_context(PROGRAM, [*head, f"pod/{verb}"], obj=command))
    again = Invocation(options.connection.to_type_again()).command(f"pod/{verb}", namespace=options.session.namespace)
    return f"A pod of that name: {again}" + (f" -- {shlex.join(command)}" if command else "")
