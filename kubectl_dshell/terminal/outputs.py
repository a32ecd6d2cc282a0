"""Routes both outputs of a session to their descriptors, in order."""

from __future__ import annotations

import errno
import os
import signal
from typing import TYPE_CHECKING, Self

from kubectl_dshell.domain.stream import Channel
from kubectl_dshell.errors import Interrupted, OutputFailed
from kubectl_dshell.streaming.wakeup import Wakeup
from kubectl_dshell.terminal.writer import FdWriter, OutputClosed

if TYPE_CHECKING:
    from kubectl_dshell.domain.stream import Output
    from kubectl_dshell.terminal.screen import Screen
    from kubectl_dshell.terminal.stdio_fds import StdioFds


class OutputRouter:
    """Context manager; leaving it discards whatever is not written yet."""

    def __init__(self, ends: StdioFds, screen: Screen | None = None) -> None:
        """`screen` follows the output."""
        self._screen = screen
        self._wakeup = Wakeup()
        self._tty = ends.tty is not None
        self._stdout = FdWriter(ends.stdout, "stdout", self._wakeup.wake)
        # One writer if both are the same file (`2>&1`, a terminal): two threads would mix up the order.
        self._stderr = (
            self._stdout if _same_file(ends.stdout, ends.stderr) else FdWriter(ends.stderr, "stderr", self._wakeup.wake)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for writer in (self._stdout, self._stderr):
            writer.abandon()
        self._wakeup.close()

    def fileno(self) -> int:
        """Readable when everything is written, or a write has failed."""
        return self._wakeup.fileno()

    def clear(self) -> None:
        self._wakeup.clear()

    @property
    def full(self) -> bool:
        return self._stdout.full or self._stderr.full

    @property
    def drained(self) -> bool:
        return self._stdout.drained and self._stderr.drained

    def write(self, output: Output) -> None:
        if self._screen is not None:
            self._screen.follow(output.data)
        (self._stderr if output.channel is Channel.STDERR else self._stdout).write(output.data)

    def check(self) -> None:
        """Raise OutputClosed if a reader has gone, Interrupted if the terminal has, else OutputFailed."""
        for writer in (self._stdout, self._stderr):
            if writer.failure is None:
                continue
            if writer.failure.errno == errno.EPIPE:
                raise OutputClosed from writer.failure
            if self._tty and writer.failure.errno == errno.EIO:
                raise Interrupted(signal.SIGHUP) from writer.failure
            raise OutputFailed(f"cannot write to {writer.name}: {writer.failure.strerror}") from writer.failure


def _same_file(one: int, other: int) -> bool:
    try:
        return os.path.samestat(os.fstat(one), os.fstat(other))
    except OSError:
        return False
