"""The terminal: raw mode while needed, then restored."""

from __future__ import annotations

import errno
import os
import select
import signal
import termios
import tty
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from kubectl_dshell.domain.stream import TerminalSize
from kubectl_dshell.errors import Interrupted, OutputFailed
from kubectl_dshell.terminal.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_dshell.terminal.signals import Signals

_STUCK_MILLISECONDS = 100


def size(fd: int) -> TerminalSize | None:
    """None if `fd` is not a terminal or the terminal does not know its size."""
    try:
        columns, rows = os.get_terminal_size(fd)
    except OSError:
        return None
    return TerminalSize(rows, columns) if columns and rows else None


def foreground(fd: int) -> bool:
    """Whether this process may read and change the terminal `fd` without being stopped by job control."""
    try:
        return os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:  # not the controlling terminal: no job control there
        return True


def is_raw(fd: int = 2) -> bool:
    """Whether the terminal `fd` leaves the line ends of its output unchanged, as in a session."""
    try:
        return not termios.tcgetattr(fd)[1] & termios.OPOST
    except termios.error:
        return False


class RawMode:
    """The handle that `raw` yields."""

    def __init__(self, fd: int, output: int) -> None:
        self.screen = Screen() if os.isatty(output) else None
        self.fd = fd
        self._output = output
        with _terminal_errors():
            self._saved: list[Any] = termios.tcgetattr(fd)

    def apply(self) -> None:
        """Set raw mode; also after a stop, when the shell has used the terminal meanwhile."""
        with _terminal_errors():
            # Never TCSAFLUSH: it discards input that was typed ahead.
            tty.setraw(self.fd, termios.TCSANOW)

    def restore(self) -> None:
        """Restore the mode, unless another process owns the terminal (in the background); ignores a hangup (EIO)."""
        if not foreground(self.fd):
            return
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTTOU])
        try:
            with suppress(termios.error):
                termios.tcsetattr(self.fd, termios.TCSANOW, self._saved)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def reset_screen(self) -> None:
        """Reset the modes that a full-screen program has left on; gives up if the terminal accepts no output."""
        sequence = self.screen.undo() if self.screen else b""
        poller = select.poll()
        poller.register(self._output, select.POLLOUT)
        with suppress(OSError):
            if sequence and foreground(self._output) and poller.poll(_STUCK_MILLISECONDS):
                os.write(self._output, sequence)


@contextmanager
def raw(fd: int, signals: Signals, output: int | None = None) -> Iterator[RawMode]:
    """Raw mode of the terminal `fd` inside; restored on return, exception and signal.

    Signals are held inside: an exception from a handler could arrive between the body and the restoring. The
    body has to poll `signals` and to call its `check`. After an exception the screen modes that a full-screen
    program has left on are reset on `output` (default: `fd`); `screen` must follow everything that is written.
    Raises Interrupted (SIGHUP) if the terminal has gone, OutputFailed if it rejects the mode.
    """
    if not foreground(fd):
        os.killpg(0, signal.SIGTTOU)  # wait for `fg` before saving: until then the attributes are the shell's
    with signals.held():
        mode = RawMode(fd, fd if output is None else output)
        try:
            mode.apply()
            yield mode
        except BaseException:
            mode.reset_screen()
            raise
        finally:
            mode.restore()


@contextmanager
def _terminal_errors() -> Iterator[None]:
    try:
        yield
    except termios.error as error:
        number, text = error.args
        if number == errno.EIO:
            raise Interrupted(signal.SIGHUP) from error
        raise OutputFailed(f"cannot change the terminal's mode: {text}") from error
