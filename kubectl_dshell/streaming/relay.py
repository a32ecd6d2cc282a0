"""The loop of every exec: moves bytes between a stream and the local side, without either blocking the other.

It installs no signal handlers and touches no terminal, so it runs in any thread. An Interrupts can end it early.
"""

from __future__ import annotations

import math
import select
import time
from typing import TYPE_CHECKING, Protocol

from kubectl_dshell.domain.stream import Exit
from kubectl_dshell.errors import ConnectionLost, DshellError, TimedOut
from kubectl_dshell.streaming.poll import mask, poll_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_dshell.domain.stream import BufferedSink, Companion, Sink, Stream, TerminalSize

_BACKLOG_LIMIT = 256 * 1024
_FULL_SECONDS = 0.1
"""How often to check a full sink that cannot be polled."""


class Interrupts(Protocol):
    """Ends a relay from outside: by a signal, or from another thread."""

    def fileno(self) -> int:
        """Readable when `check` may have something to raise."""
        ...

    def clear(self) -> None: ...

    def check(self) -> None:
        """Raises Interrupted, or another exception for the relay to end with."""


class Input(Protocol):
    """The source of stdin, and the terminal whose size is sent too."""

    def fileno(self) -> int: ...

    @property
    def readable(self) -> bool:
        """Whether to poll it: it has not ended, and may be read now."""
        ...

    @property
    def due(self) -> float:
        """When to call `attend` next."""
        ...

    def attend(self) -> bool:
        """Called in each turn, to restore the terminal's mode; whether this process was stopped since the last call."""
        ...

    def take_size(self) -> TerminalSize | None:
        """The terminal's size, if it is new since the last call."""
        ...

    def read(self) -> bytes | memoryview | None:
        """The bytes available, until the next call; None at the end. Raises Interrupted if its terminal is gone."""
        ...


class Unbuffered:
    """A Sink that has no buffer to wait for."""

    def __init__(self, sink: Sink) -> None:
        self.check = sink.check
        self.write = sink.write
        self._sink = sink

    def fileno(self) -> int:
        return -1

    def clear(self) -> None: ...

    @property
    def full(self) -> bool:
        return self._sink.full

    @property
    def drained(self) -> bool:
        return True


class Relay:
    """One command: its output to `sink`, its input from `stdin`, if any."""

    def __init__(
        self,
        stream: Stream,
        sink: BufferedSink,
        interrupts: Interrupts,
        *,
        companion: Companion | None = None,
        stdin: Input | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream
        self._sink = sink
        self._interrupts = interrupts
        self._companion = companion
        self._input = stdin
        self._monotonic = monotonic
        self._outcome: Exit | DshellError | None = None
        self._lost: ConnectionLost | None = None  # raised once the rest of the output is read
        self._maybe_more = True  # the stream may hold data that poll cannot see (TLS, a partial receive)
        self._not_reading = False  # the last wait left the stream out, or this process was stopped
        self._companion_due = self._keepalive_due = -math.inf

    def run(self, deadline: float = math.inf) -> Exit:
        """How the command ended, once all its output is written.

        Raises the errors of its parts (of the stream and the companion: once the output before them is written), and
        TimedOut if the command has not ended by `deadline`.
        """
        while self._outcome is None or not self._sink.drained:
            ready = self._wait(deadline)
            for waker in (self._interrupts, self._sink):
                if waker.fileno() in ready:
                    waker.clear()
            self._interrupts.check()
            self._sink.check()
            if self._input is not None:
                self._not_reading |= self._input.attend()
            self._service(ready)
            if self._outcome is None:
                self._move_input(ready)
                self._move_output(ready)
            if self._outcome is None and self._monotonic() >= deadline:  # after a last check for arrived output
                raise TimedOut("the command did not end in time")
        self._sink.check()
        if isinstance(self._outcome, DshellError):
            raise self._outcome
        return self._outcome

    def _service(self, ready: dict[int, int]) -> None:
        """Call the companion and the keepalive when they are due."""
        now = self._monotonic()
        try:
            companion = self._companion
            if companion is not None and (now >= self._companion_due or companion.fileno() in ready):
                self._companion_due = companion.service(now)
        except DshellError as error:
            self._outcome, self._companion = self._outcome or error, None
        if self._outcome is None and (self._not_reading or now >= self._keepalive_due):
            self._send(lambda: self._keep_alive(now))

    def _keep_alive(self, now: float) -> None:
        if self._not_reading:
            self._stream.idle(now)
        else:
            self._keepalive_due = self._stream.keepalive(now)

    def _wait(self, deadline: float) -> dict[int, int]:
        poller = select.poll()
        poller.register(self._interrupts, select.POLLIN)
        due = math.inf
        if self._sink.fileno() >= 0:
            poller.register(self._sink, select.POLLIN)
        if self._companion is not None:
            due = self._companion_due
            _register(poller, self._companion)
        if self._outcome is None:
            due = min(due, deadline, self._register_stream(poller))
            if self._input is not None:
                due = min(due, self._input.due)
                if self._takes_input(self._input):
                    poller.register(self._input, select.POLLIN)
        return poll_until(poller, due, self._monotonic())

    def _register_stream(self, poller: select.poll) -> float:
        """When to service the stream even if nothing arrives."""
        self._not_reading = self._sink.full
        reads = not self._not_reading
        if events := mask(read=reads, write=self._stream.wants_write and self._lost is None):
            poller.register(self._stream, events)
        if not reads:  # the companion is due often enough for the stream's keepalive
            return math.inf if self._sink.fileno() >= 0 else self._monotonic() + _FULL_SECONDS
        return -math.inf if self._maybe_more else self._keepalive_due

    def _takes_input(self, stdin: Input) -> bool:
        return self._lost is None and self._stream.backlog < _BACKLOG_LIMIT and stdin.readable

    def _move_input(self, ready: dict[int, int]) -> None:
        stdin = self._input
        if stdin is not None and self._stream.backlog < _BACKLOG_LIMIT and (size := stdin.take_size()):
            self._send(lambda: self._stream.resize(size))
        if stdin is not None and self._takes_input(stdin) and stdin.fileno() in ready:
            data = stdin.read()
            if data is None:
                self._send(self._stream.end_input)
            elif data:
                self._send(lambda: self._stream.send(data))
        if self._stream.wants_write and self._stream.fileno() in ready:
            self._send(self._stream.flush)

    def _send(self, action: Callable[[], None]) -> None:
        """A failure to send does not end the relay: the exit code may still be unread."""
        if self._lost is None:
            try:
                action()
            except ConnectionLost as error:
                self._lost, self._maybe_more = error, True

    def _move_output(self, ready: dict[int, int]) -> None:
        if self._sink.full or not (self._maybe_more or self._stream.fileno() in ready):
            return
        try:
            events = self._stream.receive()
        except DshellError as error:
            self._outcome = error
            return
        self._maybe_more = bool(events)
        if self._lost and not events:
            self._outcome = self._lost
        for event in events:
            if isinstance(event, Exit):
                self._outcome = event
                return
            self._sink.write(event)


def serve(companion: Companion, done: Callable[[], bool], deadline: float, monotonic: Callable[[], float]) -> bool:
    """Serve `companion` while nothing else runs, until `done`; False if `deadline` passes before."""
    while not done():
        now = monotonic()
        if now >= deadline:
            return False
        due = min(companion.service(now), deadline)
        if done():
            break
        poller = select.poll()
        _register(poller, companion)
        poll_until(poller, due, monotonic())
    return True


def _register(poller: select.poll, companion: Companion) -> None:
    if companion.fileno() >= 0:
        poller.register(companion, mask(read=True, write=companion.wants_write))
