"""Data on stdout, UTF-8 and unbuffered: what cannot be written is told here, and not by Python at its exit."""

from __future__ import annotations

from kubectl_dshell.errors import OutputFailed
from kubectl_dshell.streaming.write import write_all
from kubectl_dshell.terminal.writer import OutputClosed


def write_data(text: str) -> None:
    """All of `text`, now: the only way to stdout of all that is not a session's.

    Raises:
        OutputClosed: nobody reads it any more. OutputFailed: it cannot be written.
    """
    try:
        write_all(1, text.encode(errors="replace"))
    except BrokenPipeError as error:
        raise OutputClosed from error
    except OSError as error:
        raise OutputFailed(f"stdout cannot be written: {error.strerror}") from error
