"""An exec that may refuse to run anything: it announces with a mark that its command begins (session.sh)."""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING

from kubectl_dshell.domain.runtime.words import found_ended
from kubectl_dshell.domain.stream import Channel, Exit, Output
from kubectl_dshell.streaming.poll import mask, poll_until
from kubectl_dshell.streaming.wrapped import WrappedStream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kubectl_dshell.domain.stream import Event, Stream


_EARLY_BYTES = 32 * 1024
"""Of input, before the command begins. It fits into a pipe: containerd never ends an exec that leaves more unread."""


class Attempt(WrappedStream):
    """A Stream without that mark. Until it arrives, nothing has been run, and what was sent may be sent to another."""

    def __init__(self, stream: Stream, mark: bytes, *, tty: bool, note: bytes = b"") -> None:
        """`note`: what the script may say with the mark, right before it; known when the command begins."""
        super().__init__(stream)
        self.noted = False
        """Whether it has said so."""
        self._note = note
        self.begun = False
        """Whether the command has begun."""
        self.found_ended = False
        """Whether the runtime has said, instead, that the container has ended."""
        self.unread = b""
        """The input so far; empty once the command has begun."""
        self.on_begin: Callable[[], None] = lambda: None
        self._early: Sequence[Event] = ()
        self._ends = False
        self._mark = mark
        self._marked = Channel.STDOUT if tty else Channel.STDERR

    @property
    def backlog(self) -> int:
        """What might have to be sent again counts, so that it stays bounded."""
        return self._stream.backlog + len(self.unread)

    def send(self, data: bytes | memoryview) -> None:
        if self.begun:
            self._stream.send(data)
            return
        sent = len(self.unread)
        self.unread += bytes(data)
        if sent < _EARLY_BYTES:
            self._stream.send(self.unread[sent:_EARLY_BYTES])

    def end_input(self) -> None:
        if len(self.unread) > _EARLY_BYTES:
            self._ends = True
        else:
            self._stream.end_input()

    def receive(self) -> Sequence[Event]:
        """As the Stream; nothing only if the stream has nothing."""
        if self._early:
            events, self._early = self._early, ()
            return events
        while (events := self._stream.receive()) and self._mark:
            kept = [left for event in events if (left := self._without_mark(event)) is not None]
            if kept:
                return kept
        return events

    def settle(self) -> None:
        """Wait until the command has begun, or the exec has ended; raises ConnectionLost."""
        early: list[Event] = []
        while True:
            events = self.receive()
            early += events
            if self.begun or any(isinstance(event, Exit) for event in events):
                break
            if events:
                continue
            poller = select.poll()
            poller.register(self.fileno(), mask(read=True, write=self.wants_write))
            now = time.monotonic()
            poll_until(poller, self.keepalive(now), now)
            self.flush()
        self._early = [*early, *self._early]

    def _without_mark(self, event: Event) -> Event | None:
        if isinstance(event, Exit) or not self._mark:
            return event
        if event.channel is not self._marked:
            self._begin()  # the two outputs arrive independently
            return event
        before, found, after = event.data.partition(self._mark)
        if self._note and before.endswith(self._note):  # the mark may be in the next frame
            self.noted, before = True, before.removesuffix(self._note)
        if not found and found_ended(before):
            self.found_ended = True
            return None
        if not found:
            return Output(event.channel, before) if before else None
        self._mark = b""
        self._begin()
        return Output(event.channel, before + after) if before or after else None

    def _begin(self) -> None:
        if self.begun:
            return
        rest, self.begun, self.unread = self.unread[_EARLY_BYTES:], True, b""
        self.on_begin()
        if rest:
            self._stream.send(rest)
        if self._ends:
            self._stream.end_input()
