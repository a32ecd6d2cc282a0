"""`kubectl dshell`: runs the verb on the command line, and turns every failure into a message and an exit code."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from kubectl_dshell import __version__
from kubectl_dshell.cli.argv import arguments, check_text, split_words
from kubectl_dshell.cli.open import open_command
from kubectl_dshell.domain.text.invocation import ALIASES, UNKNOWN_VERBS, Invocation
from kubectl_dshell.errors import DshellError, ExitStatus, Interrupted, shortage
from kubectl_dshell.terminal.descriptors import ensure_standard_descriptors, require_posix
from kubectl_dshell.terminal.writer import OutputClosed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PROGRAM = "kubectl dshell"


def _ls() -> click.Command:
    from kubectl_dshell.cli.ls import ls_command

    return ls_command


def _attach() -> click.Command:
    from kubectl_dshell.cli.attach import attach_command

    return attach_command


def _cp() -> click.Command:
    from kubectl_dshell.cli.cp import cp_command

    return cp_command


def _cleanup() -> click.Command:
    from kubectl_dshell.cli.cleanup import cleanup_command

    return cleanup_command


def _options() -> click.Command:
    from kubectl_dshell.cli.help import options_verb

    return options_verb(lambda: open_command.full_help(click.Context(open_command, info_name=PROGRAM)))


class _Verbs(Mapping[str, click.Command]):
    """The verbs by name; each module is imported on first use, which keeps --help and --version fast."""

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


VERBS = _Verbs(ls=_ls, attach=_attach, cp=_cp, cleanup=_cleanup, options=_options)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    ensure_standard_descriptors()
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(words)
    except OutputClosed:
        return int(ExitStatus.CLOSED_PIPE)
    except DshellError as error:
        _show(error)
        return int(error.status)
    except Interrupted as stop:
        return 128 + stop.signal_number
    except KeyboardInterrupt:
        return int(ExitStatus.INTERRUPTED)
    except Exception as error:  # noqa: BLE001  # the one place that turns a bug into its exit status
        short = shortage(error)
        if short is None:
            return _report_bug(error)
        _show(short)
        return int(short.status)


def _run(words: list[str]) -> int:
    verb, head, command = split_words(words, {*VERBS, *ALIASES, *UNKNOWN_VERBS}, open_command)
    name = PROGRAM
    try:
        verb, head = _translate(verb, head, command)
        name = f"{PROGRAM} {verb}" if verb else PROGRAM
        entry = VERBS[verb] if verb else open_command
        check_text(words, but=[*arguments(entry, head), *(command or ())] if verb == "cp" else ())
        context = entry.make_context(name, head, obj=command)
        if verb != "options":
            require_posix()
        with context:
            return int(entry.invoke(context) or 0)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.UsageError as error:
        print_error(f"error: {error.format_message()}\nSee: {name} --help")
        return int(ExitStatus.USAGE)
    except click.Abort:
        return int(ExitStatus.INTERRUPTED)


def _translate(verb: str | None, head: list[str], command: tuple[str, ...] | None) -> tuple[str | None, list[str]]:
    """Turns verbs of kubectl into our flags; raises click.UsageError for those that do not exist here."""
    if verb is None or verb in VERBS:
        return verb, head
    if verb in UNKNOWN_VERBS:
        raise click.UsageError(f'unknown command "{verb}" for "{PROGRAM}"\n{_pod_called(verb, head, command)}')
    if command is not None:
        raise click.UsageError(f"{verb} takes no command after --\n{_pod_called(verb, head, command)}")
    if verb == "version":
        return None, [*head, "--version"]
    topics = [topic for topic in arguments(open_command, head) if topic != "help"]
    if len(topics) > 1 or not VERBS.keys() >= set(topics):
        raise click.UsageError(f'unknown help topic "{" ".join(topics)}"; there are: {", ".join(VERBS)}')
    return (topics[0] if topics else None), ["--help"]


def _pod_called(verb: str, head: list[str], command: tuple[str, ...] | None) -> str:
    check_text([*head, *(command or ())])
    options = open_command.options(open_command.make_context(PROGRAM, [*head, f"pod/{verb}"], obj=command))
    again = Invocation(options.connection.to_type_again()).command(f"pod/{verb}", namespace=options.session.namespace)
    return f"A pod of that name: {again}" + (f" -- {shlex.join(command)}" if command else "")


def _show(error: DshellError) -> None:
    from kubectl_dshell.output.failure import format_failure

    print_error(format_failure(error))


def print_error(text: str) -> None:
    from kubectl_dshell.output.notices import write_line

    write_line(text)


def _report_bug(error: Exception) -> int:
    """Reports the type of the exception and where it was raised; never its text, which may quote a secret."""
    import traceback
    from pathlib import Path

    if os.environ.get("DSHELL_DEBUG"):
        from kubectl_dshell.kube.kubeconfig.secret import scrub

        print_error(scrub("".join(traceback.format_exception(error))).rstrip())
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    ours = [frame for frame in frames if "kubectl_dshell" in frame.filename]
    if ours and ours[-1] is not frames[-1]:
        where += f", called at {Path(ours[-1].filename).name}:{ours[-1].lineno}"
    print_error(
        f"error: this is a bug in kubectl dshell {__version__}: {type(error).__name__}{where}\n"
        "Please report it with its traceback: run the same command with DSHELL_DEBUG=1 in front of it.\n"
        "The traceback may contain names from your cluster."
    )
    return int(ExitStatus.BUG)
