"""`kubectl dshell`: which verb the words name, and what every failure becomes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from kubectl_dshell import __version__
from kubectl_dshell.cli.argv import arguments, check_text, split_words
from kubectl_dshell.cli.attach import attach_command
from kubectl_dshell.cli.cleanup import cleanup_command
from kubectl_dshell.cli.cp import cp_command
from kubectl_dshell.cli.ls import ls_command
from kubectl_dshell.cli.open import open_command
from kubectl_dshell.cli.options_page import options_command
from kubectl_dshell.errors import DshellError, ExitStatus, Interrupted, shortage
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
    except Exception as error:  # noqa: BLE001  # the one place that turns a bug into its exit status
        short = shortage(error)
        if short is None:
            return _report_bug(error)
        _show(short)
        return int(short.status)


def _run(words: list[str]) -> int:
    verb, head, command = split_words(words, VERBS, open_command)
    name = "kubectl dshell" + (f" {verb}" if verb else "")
    entry = VERBS[verb] if verb else open_command
    try:
        check_text(words, but=[*arguments(entry, head), *(command or ())] if entry is cp_command else ())
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


def _report_bug(error: Exception) -> int:
    """Never the text of the exception, which may quote anything: its type and where it was raised."""
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
        "Please report it with what DSHELL_DEBUG=1 prints in front of the same command; it may hold names of yours."
    )
    return int(ExitStatus.BUG)
