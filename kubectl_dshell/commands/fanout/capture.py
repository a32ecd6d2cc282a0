"""A session whose output goes to a Python sink, in a thread that receives no signals."""

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
    """A Terminal without a keyboard: it ends when the command ends, or when the Stop is set."""

    def __init__(self, begin: Callable[[], Sink], stop: Stop, clock: Clock) -> None:
        """`begin` is called once a command is running."""
        self._begin = begin
        self._sink: Sink | None = None
        self._stop = stop
        self._clock = clock

    def size(self) -> TerminalSize | None:
        return None

    def held(self) -> AbstractContextManager[None]:
        return nullcontext()

    def give_back(self, unread: bytes) -> None:
        """It has no input."""

    def relay(self, stream: Stream, companion: Companion, *, stdin: bool, tty: bool) -> Exit:  # noqa: ARG002  # it has neither
        """Raises Interrupted once the Stop is set, and the errors of the stream, its companion and the sink."""
        # the debug container with the corrected user continues with the same sink
        sink = self._sink = self._sink or self._begin()
        relay = Relay(stream, Unbuffered(sink), self._stop, companion=companion, monotonic=self._clock.monotonic)
        return relay.run()
