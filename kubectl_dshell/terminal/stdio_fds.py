"""The descriptors of the local side of a session."""

from __future__ import annotations

from typing import NamedTuple


class StdioFds(NamedTuple):
    """Local descriptors. `tty` is the terminal to put into raw mode, whose size is used; None for pipes."""

    stdin: int | None
    stdout: int = 1
    stderr: int = 2
    tty: int | None = None
