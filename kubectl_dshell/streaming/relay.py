"""The one loop of a session: bytes between a stream and the near side, and nobody waits for the others.

It installs no signal handler and touches no terminal, so it runs in any thread; what may stop it is an Interrupts.
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
"""How often a full sink that cannot be polled is looked at again."""


class Interrupts(Protocol):
    """What stops a relay from outside: signals, or another thread."""

    def fileno(self) -> int:
        """Readable when `check` may have something to raise."""
        ...

    def clear(self) -> None: ...

    def check(self) -> None:
        """Raises Interrupted, or whatever else the relay is to end with."""


class Input(Protocol):
    """Where stdin comes from, and whose size the far side is told."""

    def fileno(self) -> int: ...

    @property
    def readable(self) -> bool:
        """Whether it is to be polled: it has not ended, and reading it is allowed."""
        ...

    @property
    def due(self) -> float:
        """The time at which `attend` is wanted next."""
        ...

    def attend(self) -> bool:
        """Once a turn: see to the terminal. Whether this process was stopped since the last call."""
        ...

    def take_size(self) -> TerminalSize | None:
        """A size that was not taken yet."""
        ...

    def read(self) -> bytes | None:
        """What is there, b"" for nothing, None at the end. Raises Interrupted when its terminal has gone."""
        ...


class Unbuffered:
    """A Sink with nothing behind it to wait for."""

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
    """One command, from its stream to `sink`; `stdin` None is an input that never has anything."""

    def __init__(  # a session has that many sides
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
        self._lost: ConnectionLost | None = None  # raised once the last words of the far side are read
        self._maybe_more = True  # the stream may hold what poll cannot see (TLS, a last receive cut short)
        self._deaf = False  # the last wait did not listen to the stream, or we were stopped
        self._companion_due = self._keepalive_due = -math.inf

    def run(self, deadline: float = math.inf) -> Exit:
        """How the command ended, once all its output is written.

        Raises what `interrupts`, `sink`, `stdin`, the stream and its companion raise (of the last two, once the output
        that came before is written), and TimedOut when the command has not ended by `deadline`.
        """
        while self._outcome is None or not self._sink.drained:
            ready = self._wait(deadline)
            self._interrupts.clear()
            self._sink.clear()
            self._interrupts.check()
            self._sink.check()
            if self._input is not None:
                self._deaf |= self._input.attend()
            self._service(ready)
            if self._outcome is None:
                self._move_input(ready)
                self._move_output(ready)
            if self._outcome is None and self._monotonic() >= deadline:  # what has come by then counts
                raise TimedOut("the command did not end in time")
        self._sink.check()
        if isinstance(self._outcome, DshellError):
            raise self._outcome
        return self._outcome

    def _service(self, ready: dict[int, int]) -> None:
        """Look after what has its own times."""
        now = self._monotonic()
        try:
            companion = self._companion
            if companion is not None and (now >= self._companion_due or companion.fileno() in ready):
                self._companion_due = companion.service(now)
        except DshellError as error:
            self._outcome, self._companion = self._outcome or error, None
        if self._outcome is None and (self._deaf or now >= self._keepalive_due):
            self._tell(lambda: self._keep_alive(now))

    def _keep_alive(self, now: float) -> None:
        if self._deaf:
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
            if self._companion.fileno() >= 0:
                poller.register(self._companion, mask(read=True, write=self._companion.wants_write))
        if self._outcome is None:
            due = min(due, deadline, self._register_stream(poller))
            if self._input is not None:
                due = min(due, self._input.due)
                if self._takes_input(self._input):
                    poller.register(self._input, select.POLLIN)
        return poll_until(poller, due, self._monotonic())

    def _register_stream(self, poller: select.poll) -> float:
        """When the stream has to be looked at, even if nothing comes."""
        self._deaf = self._sink.full
        reads = not self._deaf
        if events := mask(read=reads, write=self._stream.wants_write and self._lost is None):
            poller.register(self._stream, events)
        if not reads:  # the companion's times are often enough for the stream
            return math.inf if self._sink.fileno() >= 0 else self._monotonic() + _FULL_SECONDS
        return -math.inf if self._maybe_more else self._keepalive_due

    def _takes_input(self, stdin: Input) -> bool:
        return self._lost is None and self._stream.backlog < _BACKLOG_LIMIT and stdin.readable

    def _move_input(self, ready: dict[int, int]) -> None:
        stdin = self._input
        if stdin is not None and self._stream.backlog < _BACKLOG_LIMIT and (size := stdin.take_size()):
            self._tell(lambda: self._stream.resize(size))
        if stdin is not None and self._takes_input(stdin) and stdin.fileno() in ready:
            data = stdin.read()
            if data is None:
                self._tell(self._stream.end_input)
            elif data:
                self._tell(lambda: self._stream.send(data))
        if self._stream.wants_write and self._stream.fileno() in ready:
            self._tell(self._stream.flush)

    def _tell(self, say: Callable[[], None]) -> None:
        """A failure to speak is not the end: the exit code may be in what we have yet to read."""
        if self._lost is None:
            try:
                say()
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
