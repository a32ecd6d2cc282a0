"""Data on stdout, UTF-8 and unbuffered, so that a failed write is reported here, not by Python at exit."""

from __future__ import annotations

from kubectl_dshell.errors import OutputFailed
from kubectl_dshell.streaming.write import write_all
from kubectl_dshell.terminal.writer import OutputClosed


def write_data(text: str) -> None:
    """Write all of `text` now. Everything but the output of sessions goes to stdout through this function.

    Raises:
        OutputClosed: nobody reads it any more. OutputFailed: it cannot be written.
    """
    try:
        write_all(1, text.encode(errors="replace"))
    except BrokenPipeError as error:
        raise OutputClosed from error
    except OSError as error:
        raise OutputFailed(f"cannot write to stdout: {error.strerror}") from error
