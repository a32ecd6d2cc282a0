"""`kubectl dshell`: runs the verb on the command line, and turns every failure into a message and an exit code."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from kubectl_dshell import __version__
from kubectl_dshell.cli.help import answer_without_parsing
from kubectl_dshell.cli.stdout import write_data
from kubectl_dshell.errors import DshellError, ExitStatus, Interrupted, shortage
from kubectl_dshell.terminal.descriptors import ensure_standard_descriptors
from kubectl_dshell.terminal.writer import OutputClosed

if TYPE_CHECKING:
    from collections.abc import Sequence


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
    if words[:1] == ["__complete"]:
        from kubectl_dshell.cli.completion.complete import complete

        return complete(words[1:])
    answer = answer_without_parsing(words)
    if answer is not None:
        write_data(answer)
        return int(ExitStatus.OK)
    from kubectl_dshell.cli.dispatch import dispatch

    return dispatch(words)


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
