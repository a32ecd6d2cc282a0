"""A session whose output goes to one of our own sinks, in a thread that no signal reaches."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from kubectl_dshell.streaming.relay import Relay, Unbuffered

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from kubectl_dshell.commands.parallel import Stop
    from kubectl_dshell.commands.ports import Clock
    from kubectl_dshell.domain.stream import Companion, Exit, Sink, Stream, TerminalSize


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
        relay = Relay(stream, Unbuffered(sink), self._stop, companion=companion, monotonic=self._clock.monotonic)
        return relay.run()
