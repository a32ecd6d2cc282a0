"""Both outputs for many writers: whole lines only, and a progress bar that never appears in the middle of one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from kubectl_dshell.domain.stream import Channel, Output
from kubectl_dshell.output.escape import escape

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_dshell.domain.stream import Sink

_ERASE_LINE = b"\r\x1b[2K"


class Printer:
    """Used by several threads."""

    def __init__(self, outputs: Sink, is_terminal: Callable[[Channel], bool]) -> None:
        self._outputs = outputs
        self._is_terminal = is_terminal
        self._lock = threading.Lock()
        self.has_bar = False

    @property
    def full(self) -> bool:
        return self._outputs.full

    def is_terminal(self, channel: Channel) -> bool:
        return self._is_terminal(channel)

    def check(self) -> None:
        self._outputs.check()

    def write(self, channel: Channel, data: bytes) -> None:
        """Write whole lines."""
        with self._lock:
            erase = _ERASE_LINE if self.has_bar and self._is_terminal(channel) else b""
            self._outputs.write(Output(channel, erase + data))

    def line(self, text: str) -> None:
        """Write a line of dshell, on stderr."""
        self.write(Channel.STDERR, escape(text).encode() + b"\n")

    def draw(self, text: str) -> None:
        """Draw the bar; skipped if the output is not being read."""
        if not self._outputs.full:
            with self._lock:
                self._outputs.write(Output(Channel.STDERR, text.encode()))


class PrinterNotices:
    """Lines for people about the whole command, in order with all other output."""

    def __init__(self, printer: Printer, *, quiet: bool) -> None:
        self._printer = printer
        self._quiet = quiet

    def identity(self, text: str) -> None:
        if self._printer.is_terminal(Channel.STDERR):
            self.notice(text)

    def notice(self, text: str) -> None:
        if not self._quiet:
            self._printer.line(text)

    def warn(self, text: str) -> None:
        self._printer.line(text)

    def interject(self, text: str) -> None:
        self._printer.line(text)

    def progress(self, text: str) -> None: ...
