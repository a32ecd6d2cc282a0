"""One short exec among many: what it is told, what it answers, and never longer than its time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_dshell.domain.stream import Channel
from kubectl_dshell.errors import TimedOut
from kubectl_dshell.streaming.relay import Relay, Unbuffered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kubectl_dshell.commands.parallel import Stop
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.domain.pod.container_ref import ContainerRef
    from kubectl_dshell.domain.stream import Exit, Output

_LARGEST_ANSWER = 65536
"""Bytes, of stdout and stderr together: what is thrown away has to come to an end, too."""


@dataclass(frozen=True, slots=True)
class ExecReply:
    """`out` is its stdout; `exit` is None if it had not ended in time, or when enough was heard."""

    out: str
    exit: Exit | None


def exec_once(  # an exec is that many facts
    container: ContainerRef,
    argv: Sequence[str],
    ports: Ports,
    stop: Stop,
    *,
    seconds: float,
    words: bytes = b"",
    enough: Callable[[str], bool] = lambda _out: False,
) -> ExecReply:
    """Run `argv` in `container`, with `words` on its stdin.

    Raises what opening an exec raises; ConnectionLost.
    """
    deadline = ports.clock.monotonic() + seconds
    stream = ports.streams.open(
        container.namespace,
        container.pod,
        container.container,
        argv,
        stdin=bool(words),
        tty=False,
        half_close=False,
        seconds=seconds,
    )
    answer = _Answer()
    try:
        if words:
            stream.send(words)
        relay = Relay(stream, Unbuffered(answer), _Until(answer, stop, enough), monotonic=ports.clock.monotonic)
        end: Exit | None = relay.run(deadline)
    except (_HeardEnough, TimedOut):
        end = None
    finally:
        stream.close()
    return ExecReply(answer.text, end)


class _Answer:
    """A Sink for what the exec says."""

    full = False

    def __init__(self) -> None:
        self.out = bytearray()
        self.heard = 0
        """Bytes, of stdout and stderr together."""

    @property
    def text(self) -> str:
        return self.out.decode(errors="replace")

    def check(self) -> None: ...

    def write(self, output: Output) -> None:
        self.heard += len(output.data)
        if output.channel is Channel.STDOUT:
            self.out += output.data


class _HeardEnough(Exception):
    """Nobody wants to know more."""


class _Until:
    """Interrupts a relay when nobody wants to know more of its answer."""

    def __init__(self, answer: _Answer, stop: Stop, enough: Callable[[str], bool]) -> None:
        self.fileno = stop.fileno
        self.clear = stop.clear
        self._answer = answer
        self._stop = stop
        self._enough = enough
        self._tried = 0

    def check(self) -> None:
        if self._stop.is_set() or self._answer.heard >= _LARGEST_ANSWER:
            raise _HeardEnough
        if len(self._answer.out) != self._tried:
            self._tried = len(self._answer.out)
            if self._enough(self._answer.text):
                raise _HeardEnough
