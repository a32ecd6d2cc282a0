"""One short exec: input, output, and a deadline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_dshell.domain.stream import Channel
from kubectl_dshell.domain.text.bounds import LONGEST_MESSAGE
from kubectl_dshell.errors import TimedOut
from kubectl_dshell.streaming.relay import Relay, Unbuffered

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_dshell.commands.parallel import Stop
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.domain.pod.container_ref import ContainerRef
    from kubectl_dshell.domain.stream import Exit, Output
    from kubectl_dshell.remote.exec_script import ExecScript

_LARGEST_ANSWER = 65536
"""Bytes, of stdout and stderr together; more ends the exec."""


@dataclass(frozen=True, slots=True)
class ExecReply:
    """`out` is its stdout; `exit` is None if it did not end in time, or was abandoned before its end."""

    out: str
    exit: Exit | None
    err: str = ""
    """The beginning of its stderr, where CRI-O says why it could not be started."""


def exec_once(  # the parameters of an exec
    container: ContainerRef,
    exec_: ExecScript,
    ports: Ports,
    stop: Stop,
    *,
    seconds: float,
    words: bytes = b"",
    enough: Callable[[str], bool] = lambda _out: False,
) -> ExecReply:
    """Run `exec_` in `container`, with `words` on its stdin after its own text.

    Raises the errors of opening an exec, and ConnectionLost.
    """
    deadline = ports.clock.monotonic() + seconds
    stream = ports.streams.open(
        container.namespace,
        container.pod,
        container.container,
        exec_.argv,
        stdin=True,
        tty=False,
        half_close=False,
        seconds=seconds,
    )
    answer = _Answer()
    try:
        stream.send(exec_.text + words)
        relay = Relay(stream, Unbuffered(answer), _Until(answer, stop, enough), monotonic=ports.clock.monotonic)
        end: Exit | None = relay.run(deadline)
    except (_Enough, TimedOut):
        end = None
    finally:
        stream.close()
    return ExecReply(answer.text, end, answer.err.decode(errors="replace"))


class _Answer:
    """A Sink that keeps stdout, and the beginning of stderr."""

    full = False

    def __init__(self) -> None:
        self.out, self.err = bytearray(), bytearray()
        self.received = 0
        """Bytes, of stdout and stderr together."""

    @property
    def text(self) -> str:
        return self.out.decode(errors="replace")

    def check(self) -> None: ...

    def write(self, output: Output) -> None:
        self.received += len(output.data)
        if output.channel is Channel.STDOUT:
            self.out += output.data
        elif len(self.err) < LONGEST_MESSAGE:
            self.err += output.data[:LONGEST_MESSAGE]


class _Enough(Exception):
    """No more of the output is needed."""


class _Until:
    """The Interrupts of a short exec: ends it on `stop`, or once the output is `enough`."""

    def __init__(self, answer: _Answer, stop: Stop, enough: Callable[[str], bool]) -> None:
        self.fileno = stop.fileno
        self.clear = stop.clear
        self._answer = answer
        self._stop = stop
        self._enough = enough
        self._checked = 0

    def check(self) -> None:
        if self._stop.is_set() or self._answer.received >= _LARGEST_ANSWER:
            raise _Enough
        if len(self._answer.out) != self._checked:
            self._checked = len(self._answer.out)
            if self._enough(self._answer.text):
                raise _Enough
