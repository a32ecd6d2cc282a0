"""A terminal that records the output that passes through it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from kubectl_dshell.domain.stream import Output
from kubectl_dshell.streaming.wrapped import WrappedStream

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from kubectl_dshell.domain.stream import Companion, Event, Exit, Stream, TerminalSize
    from kubectl_dshell.terminal.recording.asciicast import Recorder


class WrappedTerminal(Protocol):
    def size(self) -> TerminalSize | None: ...
    def relay(self, stream: Stream, companion: Companion, *, stdin: bool, tty: bool) -> Exit: ...
    def give_back(self, unread: bytes) -> None: ...
    def held(self) -> AbstractContextManager[None]: ...


class RecordedTerminal:
    def __init__(self, terminal: WrappedTerminal, recorder: Recorder) -> None:
        self._terminal = terminal
        self._recorder = recorder
        self.size = terminal.size
        self.held = terminal.held
        self.give_back = terminal.give_back

    def relay(self, stream: Stream, companion: Companion, *, stdin: bool, tty: bool) -> Exit:
        self._recorder.begin(self.size(), raw=tty)
        return self._terminal.relay(_RecordedStream(stream, self._recorder), companion, stdin=stdin, tty=tty)


class _RecordedStream(WrappedStream):
    """A stream whose output is recorded."""

    def __init__(self, stream: Stream, recorder: Recorder) -> None:
        super().__init__(stream)
        self._recorder = recorder

    def receive(self) -> Sequence[Event]:
        events = super().receive()
        for event in events:
            if isinstance(event, Output):
                self._recorder.output(event)
        return events

    def resize(self, size: TerminalSize) -> None:
        self._recorder.resize(size)
        super().resize(size)
