"""`kubectl dshell`: which verb the words name, and what every failure becomes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from kubectl_dshell import __version__
from kubectl_dshell.cli.attach import attach_command
from kubectl_dshell.cli.cleanup import cleanup_command
from kubectl_dshell.cli.cp import cp_command
from kubectl_dshell.cli.guide import options_command
from kubectl_dshell.cli.listing import ls_command
from kubectl_dshell.cli.open import open_command
from kubectl_dshell.cli.words import check_text, split_words
from kubectl_dshell.errors import DshellError, ExitStatus, Interrupted
from kubectl_dshell.terminal.descriptors import ensure_standard_descriptors, require_posix
from kubectl_dshell.terminal.writer import OutputClosed

if TYPE_CHECKING:
    from collections.abc import Sequence

VERBS = {
    "ls": ls_command,
    "attach": attach_command,
    "cp": cp_command,
    "cleanup": cleanup_command,
    "options": options_command,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; its exit code."""
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
    except Exception:  # noqa: BLE001  # the one place that turns a bug into its exit status
        return _report_bug()


def _run(words: list[str]) -> int:
    verb, head, command = split_words(words, VERBS, open_command)
    name = "kubectl dshell" + (f" {verb}" if verb else "")
    entry = VERBS[verb] if verb else open_command
    try:
        check_text(words)
        context = entry.make_context(name, head, obj=command)
        if entry is not options_command:
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


def _show(error: DshellError) -> None:
    from kubectl_dshell.output.failure import format_failure

    print_error(format_failure(error))


def print_error(text: str) -> None:
    from kubectl_dshell.output.notices import write_line

    write_line(text)


def _report_bug() -> int:
    import traceback

    if os.environ.get("DSHELL_DEBUG"):
        traceback.print_exc()
    last = traceback.format_exc().strip().splitlines()[-1]
    print_error(
        f"error: this is a bug in kubectl dshell {__version__}: {last}\n"
        "Please report it with what DSHELL_DEBUG=1 prints in front of the same command."
    )
    return int(ExitStatus.BUG)
