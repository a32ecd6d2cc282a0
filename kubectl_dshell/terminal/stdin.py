"""Standard input: a terminal, a pipe, a file or nothing."""

from __future__ import annotations

import errno
import math
import os
import signal
import time
from typing import TYPE_CHECKING

from kubectl_dshell.errors import Interrupted, OutputFailed
from kubectl_dshell.terminal import raw_mode

if TYPE_CHECKING:
    from kubectl_dshell.domain.stream import TerminalSize
    from kubectl_dshell.terminal.raw_mode import RawMode
    from kubectl_dshell.terminal.signals import Signals

_PIECE = 256 * 1024
_BACKGROUND_SECONDS = 0.5
"""How often a background job checks whether it is in the foreground again: there is no signal for it."""


class Stdin:
    """The relay's Input, from `fd`; None is an input that stays open and empty."""

    def __init__(self, fd: int | None, signals: Signals, mode: RawMode | None = None) -> None:
        """`mode`: the raw terminal whose size is sent too."""
        self._fd = -1 if fd is None else fd
        self._open = fd is not None
        self._signals = signals
        self._mode = mode
        # isatty is false for a terminal that has gone
        self._terminal = fd is not None and (mode is not None or os.isatty(fd))
        self._in_foreground = True
        self._size_due = mode is not None
        self._buffer = memoryview(bytearray(_PIECE))

    def fileno(self) -> int:
        return self._fd

    @property
    def readable(self) -> bool:
        return self._open and self._in_foreground

    @property
    def due(self) -> float:
        return math.inf if self._in_foreground else time.monotonic() + _BACKGROUND_SECONDS

    def attend(self) -> bool:
        """Restore raw mode after a stop or some time in the background, when other programs have changed the mode."""
        was_in_foreground, self._in_foreground = self._in_foreground, self._may_read()
        continued = self._signals.take_continued()
        resized = self._signals.take_resized()
        if self._mode is not None:
            if self._in_foreground and (continued or not was_in_foreground):
                self._mode.apply()
                self._size_due = True
            self._size_due |= resized
        return continued

    def take_size(self) -> TerminalSize | None:
        due, self._size_due = self._size_due, False
        return raw_mode.size(self._mode.fd) if due and self._mode is not None else None

    def read(self) -> memoryview | None:
        """The available bytes, until the next call; none if another reader was faster; None at the end of the input.

        Raises Interrupted (SIGHUP) if the terminal has gone, the only end that a raw one has.
        """
        try:
            count = os.readv(self._fd, [self._buffer])
        except BlockingIOError:
            return self._buffer[:0]
        except OSError as error:
            if self._terminal and error.errno == errno.EIO:
                raise Interrupted(signal.SIGHUP) from error
            raise OutputFailed(f"cannot read from stdin: {error.strerror}") from error
        if count:
            return self._buffer[:count]
        if self._terminal and self._mode is not None:
            raise Interrupted(signal.SIGHUP)
        self._open = False
        return None

    def _may_read(self) -> bool:
        """False in the background, where reading the terminal would stop this process (SIGTTIN)."""
        return not self._terminal or raw_mode.foreground(self._fd)
