"""Data on stdout, UTF-8 and unbuffered: what cannot be written is told here, and not by Python at its exit."""

from __future__ import annotations

import os
import select

from kubectl_dshell.errors import OutputFailed
from kubectl_dshell.terminal.writer import OutputClosed


def write_data(text: str) -> None:
    """All of `text`, now: the only way to stdout of all that is not a session's.

    Raises:
        OutputClosed: nobody reads it any more. OutputFailed: it cannot be written.
    """
    left = memoryview(text.encode(errors="replace"))
    try:
        while left:
            left = left[_write(left) :]
    except BrokenPipeError as error:
        raise OutputClosed from error
    except OSError as error:
        raise OutputFailed(f"stdout cannot be written: {error.strerror}") from error


def _write(data: memoryview) -> int:
    try:
        return os.write(1, data)
    except BlockingIOError:  # somebody who shares the open file has made it so
        poller = select.poll()
        poller.register(1, select.POLLOUT)
        poller.poll()
        return 0
