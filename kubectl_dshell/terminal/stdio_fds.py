"""Which descriptors are the near side of a session."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StdioFds:
    """Our descriptors. `tty` is the terminal to put into raw mode and whose size counts; None for pipes."""

    stdin: int | None
    stdout: int = 1
    stderr: int = 2
    tty: int | None = None
