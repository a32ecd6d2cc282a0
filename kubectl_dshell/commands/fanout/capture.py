"""A session whose output goes to one of our own sinks, in a thread that no signal reaches."""

from __future__ import annotations

import math
import select
from contextlib import nullcontext
from typing import TYPE_CHECKING, Protocol

from kubectl_dshell.domain.stream import Exit
from kubectl_dshell.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from kubectl_dshell.commands.parallel import Stop
    from kubectl_dshell.commands.ports import Clock
    from kubectl_dshell.domain.stream import Companion, Output, Stream, TerminalSize

SIGINT = 2
_FULL_SECONDS = 0.1  # how often a full sink is looked at again: nothing tells when it is not


class Sink(Protocol):
    """Where the output of one command goes."""

    @property
    def full(self) -> bool:
        """Whether to wait with more."""
        ...

    def check(self) -> None:
        """Raises what keeps the output from being written."""

    def write(self, output: Output) -> None: ...


class Capture:
    """A Terminal without a keyboard: it ends when the command does, or when told to stop."""

    def __init__(self, begin: Callable[[], Sink], stop: Stop, clock: Clock) -> None:
        """`begin` is called when there is a command to listen to."""
        self._begin = begin
        self._sink: Sink | None = None
        self._stop = stop
        self._clock = clock

    def size(self) -> TerminalSize | None:
        return None

    def held(self) -> AbstractContextManager[None]:
        return nullcontext()

    def relay(self, stream: Stream, companion: Companion, *, stdin: bool, tty: bool) -> Exit:  # noqa: ARG002  # neither
        """Raises Interrupted when told to stop, and what the stream, its companion and the sink raise."""
        # a debug container that turns out to be another user's is followed by a second
        sink = self._sink = self._sink or self._begin()
        companion_due = keepalive_due = -math.inf
        ready: dict[int, int] = {}
        more = True  # the stream may hold what poll cannot see
        while True:
            if self._stop.is_set():
                raise Interrupted(SIGINT)
            sink.check()
            now = self._clock.monotonic()
            if now >= companion_due or companion.fileno() in ready:
                companion_due = companion.service(now)
            if deaf := sink.full:
                stream.idle(now)
            elif now >= keepalive_due:
                keepalive_due = stream.keepalive(now)
            if stream.wants_write:
                stream.flush()
            if not deaf and (more or stream.fileno() in ready):
                events = stream.receive()
                more = bool(events)
                for event in events:
                    if isinstance(event, Exit):
                        sink.check()
                        return event
                    sink.write(event)
            due = now + _FULL_SECONDS if deaf else -math.inf if more else keepalive_due
            ready = self._wait(stream, companion, min(due, companion_due), deaf=deaf)

    def _wait(self, stream: Stream, companion: Companion, due: float, *, deaf: bool) -> dict[int, int]:
        poll = select.poll()
        poll.register(self._stop, select.POLLIN)
        if mask := (0 if deaf else select.POLLIN) | (select.POLLOUT if stream.wants_write else 0):
            poll.register(stream, mask)
        if companion.fileno() >= 0:
            poll.register(companion, select.POLLIN | (select.POLLOUT if companion.wants_write else 0))
        return dict(poll.poll(math.ceil(max(0.0, due - self._clock.monotonic()) * 1000)))
