"""Standard input: a terminal, a pipe, a file or nothing."""

from __future__ import annotations

import errno
import os
import signal

from kubectl_dshell.errors import Interrupted, OutputFailed
from kubectl_dshell.terminal import tty

_PIECE = 256 * 1024


class Stdin:
    """Reads `fd` when `poll` says so; None is an input that never has anything. `raw`: it is a terminal in raw mode."""

    def __init__(self, fd: int | None, *, raw: bool) -> None:
        self.open = fd is not None
        self._fd = -1 if fd is None else fd
        self._raw = raw
        self._terminal = raw or (fd is not None and os.isatty(fd))  # one that has gone meanwhile says that it is none

    def fileno(self) -> int:
        return self._fd

    @property
    def ours(self) -> bool:
        """False for a background job: reading the terminal would stop it (SIGTTIN)."""
        return not self._terminal or tty.foreground(self._fd)

    def read(self) -> bytes | None:
        """What is there; b"" when another reader was faster; None at the end of the input.

        Raises Interrupted (SIGHUP) when the terminal has gone: a raw one has no other end.
        """
        try:
            data = os.read(self._fd, _PIECE)
        except BlockingIOError:
            return b""
        except OSError as error:
            if self._terminal and error.errno == errno.EIO:
                raise Interrupted(signal.SIGHUP) from error
            raise OutputFailed(f"cannot read standard input: {error.strerror}") from error
        if data:
            return data
        if self._terminal and self._raw:
            raise Interrupted(signal.SIGHUP)
        self.open = False
        return None
