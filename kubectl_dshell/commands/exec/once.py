"""One short exec among many: what it is told, what it answers, and never longer than its time."""

from __future__ import annotations

import select
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_dshell.domain.stream import Channel, Exit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kubectl_dshell.commands.parallel import Stop
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.domain.stream import Stream

_LARGEST_ANSWER = 65536
"""Bytes, of stdout and stderr together: what is thrown away has to come to an end, too."""


@dataclass(frozen=True, slots=True)
class ExecReply:
    """`out` is its stdout; `exit` is None if it had not ended in time, or when enough was heard."""

    out: str
    exit: Exit | None


def exec_once(  # an exec is that many facts
    where: tuple[str, str, str],
    argv: Sequence[str],
    ports: Ports,
    stop: Stop,
    *,
    seconds: float,
    words: bytes = b"",
    enough: Callable[[str], bool] = lambda _out: False,
) -> ExecReply:
    """Run `argv` in a container (namespace, pod, name), with `words` on its stdin.

    Raises what opening an exec raises; ConnectionLost.
    """
    deadline = ports.clock.monotonic() + seconds
    stream = ports.streams.open(*where, argv, stdin=bool(words), tty=False, half_close=False, seconds=seconds)
    try:
        if words:
            stream.send(words)
        return _collect(stream, deadline, ports, stop, enough)
    finally:
        stream.close()


def _collect(stream: Stream, deadline: float, ports: Ports, stop: Stop, enough: Callable[[str], bool]) -> ExecReply:
    said, heard, tried = bytearray(), 0, -1
    while (left := deadline - ports.clock.monotonic()) > 0 and heard < _LARGEST_ANSWER and not stop.is_set():
        stream.flush()
        for event in stream.receive():
            if isinstance(event, Exit):
                return ExecReply(said.decode(errors="replace"), event)
            heard += len(event.data)
            if event.channel is Channel.STDOUT:
                said += event.data
        if len(said) != tried:
            tried = len(said)
            if enough(said.decode(errors="replace")):
                break
        poll = select.poll()
        poll.register(stop, select.POLLIN)
        poll.register(stream, select.POLLIN | (select.POLLOUT if stream.wants_write else 0))
        poll.poll(left * 1000)
    return ExecReply(said.decode(errors="replace"), None)
