"""A stream that passes everything on to another one, for those that change one thing about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_dshell.domain.stream import Event, Stream, TerminalSize


class WrappedStream:
    """A Stream; subclasses override what they change."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.fileno = stream.fileno
        self.flush = stream.flush
        self.close = stream.close
        self.keepalive = stream.keepalive
        self.idle = stream.idle

    @property
    def wants_write(self) -> bool:
        return self._stream.wants_write

    @property
    def backlog(self) -> int:
        return self._stream.backlog

    def receive(self) -> Sequence[Event]:
        return self._stream.receive()

    def send(self, data: bytes | memoryview) -> None:
        self._stream.send(data)

    def end_input(self) -> None:
        self._stream.end_input()

    def resize(self, size: TerminalSize) -> None:
        self._stream.resize(size)
