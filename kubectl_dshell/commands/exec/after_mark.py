"""A stream whose output begins after a mark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.domain.stream import Exit, Output
from kubectl_dshell.streaming.wrapped import WrappedStream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_dshell.domain.stream import Event, Stream

_ECHO_BYTES = 4
"""What a terminal shows for one byte of a script, at most."""
_LONGEST_PROLOGUE = 1024 * 1024
"""Bytes without a mark, besides the echo, after which output is passed on: whatever writes them is not our script."""


class AfterMark(WrappedStream):
    """A Stream of a script on a terminal, which first echoes the script."""

    def __init__(self, stream: Stream, mark: bytes, *, holds_input: bool, script_bytes: int = 0) -> None:
        """`holds_input`: input is sent after the mark, so that its echo is not taken for one of the script."""
        self._longest = _LONGEST_PROLOGUE + _ECHO_BYTES * script_bytes
        super().__init__(stream)
        self._mark = mark
        self._skipped = 0
        self._holds_input = holds_input
        self._held = bytearray()
        self._ends = False

    @property
    def backlog(self) -> int:
        return self._stream.backlog + len(self._held)

    def send(self, data: bytes | memoryview) -> None:
        if self._holds_input:
            self._held += data
        else:
            self._stream.send(data)

    def end_input(self) -> None:
        if self._holds_input:
            self._ends = True
        else:
            self._stream.end_input()

    def receive(self) -> Sequence[Event]:
        """As the Stream; nothing only if the stream has nothing."""
        while (events := self._stream.receive()) and self._mark:
            kept = [left for event in events if (left := self._after_mark(event)) is not None]
            if kept:
                return kept
        return events

    def _after_mark(self, event: Event) -> Event | None:
        if isinstance(event, Exit) or not self._mark:
            return event
        self._skipped += len(event.data)
        _, found, rest = event.data.partition(self._mark)
        if not found and self._skipped > self._longest:
            rest = event.data
        if found or rest:
            self._mark = b""
            self._release()
        return Output(event.channel, rest) if rest else None

    def _release(self) -> None:
        self._holds_input = False
        if self._held:
            self._stream.send(bytes(self._held))
            self._held.clear()
        if self._ends:
            self._stream.end_input()
