"""Data on stdout, unbuffered: what cannot be written is told here, and not by Python at its exit."""

from __future__ import annotations

import os

from kubectl_dshell.errors import OutputFailed
from kubectl_dshell.terminal.writer import OutputClosed


def write_data(text: str) -> None:
    """All of `text`, now.

    Raises:
        OutputClosed: nobody reads it any more. OutputFailed: it cannot be written.
    """
    left = memoryview(text.encode(errors="replace"))
    try:
        while left:
            left = left[os.write(1, left) :]
    except BrokenPipeError as error:
        raise OutputClosed from error
    except OSError as error:
        raise OutputFailed(f"stdout cannot be written: {error.strerror}") from error
