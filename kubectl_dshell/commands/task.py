"""Command and tether in one exec: half of what two cost, at the node too. For a command without input.

Of the words of a tether only the last goes through this exec, when the command is over. The first beat is said by the
script itself; whoever has more to say, because the command takes long or is to be stopped, opens a tether for it.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from kubectl_dshell.domain.stream import Channel, Event, Exit, Output
from kubectl_dshell.errors import ConnectionLost, DshellError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kubectl_dshell.domain.stream import Stream

_QUEUED = 1024 * 1024
"""Bytes of output kept for the command's reader, who may not read on purpose, before no more are taken in."""
_BEAT = b"beat "


class Sieve:
    """Finds our lines, which begin with a mark anywhere, in a stream of bytes that arrives in any pieces."""

    def __init__(self, mark: bytes) -> None:
        self._mark = mark
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[tuple[bool, bytes]]:
        """(whether it is a line of ours, its text or the bytes of others), in their order."""
        self._rest += data
        while (at := self._rest.find(self._mark)) >= 0:
            end = self._rest.find(b"\n", at)
            if at:
                yield False, self._rest[:at]
            if end < 0:
                self._rest = self._rest[at:]
                return
            line = self._rest[at + len(self._mark) : end]
            self._rest = self._rest[end + 1 :]
            yield True, line.strip()
        kept = next(n for n in range(len(self._mark) - 1, -1, -1) if not n or self._rest.endswith(self._mark[:n]))
        whole, self._rest = self._rest[: len(self._rest) - kept], self._rest[len(self._rest) - kept :]
        if whole:
            yield False, whole

    def flush(self) -> bytes:
        """What looked like the beginning of a line of ours, and was none."""
        rest, self._rest = self._rest, b""
        return rest


class Task:
    """One exec, seen as two Streams: `command` and `words`. Used by one thread."""

    def __init__(self, stream: Stream, mark: str, open_tether: Callable[[], Stream]) -> None:
        self.stream = stream
        self.over = False
        """The command has ended: the exec waits for a word."""
        self.queued = 0
        self.open_tether = open_tether
        self.output: deque[Event] = deque()
        self.answers: deque[Event] = deque()
        self.failure: ConnectionLost | None = None
        self._sieves = {channel: Sieve(mark.encode()) for channel in (Channel.STDOUT, Channel.STDERR)}
        self._code: int | None = None
        self._silent = False  # stderr is over
        self._open = 2
        self.command = Command(self)
        self.words = Words(self)

    @property
    def full(self) -> bool:
        return self.queued >= _QUEUED

    def pump(self) -> None:
        """Take in what has arrived."""
        if self.full or self.failure:
            return
        try:
            for event in self.stream.receive():
                if isinstance(event, Exit):
                    self._end(event)
                else:
                    self._sift(event)
        except ConnectionLost as error:
            self._flush()
            self.failure = error

    def close(self) -> None:
        """Each half closes once."""
        self._open -= 1
        if not self._open:
            self.stream.close()

    def _sift(self, output: Output) -> None:
        for ours, data in self._sieves[output.channel].feed(output.data):
            if not ours:
                self.queued += len(data)
                self.output.append(Output(output.channel, data))
            elif output.channel is Channel.STDERR:
                self._silent = True
            elif data.startswith(b"exit "):
                self._code = int(data.removeprefix(b"exit "))
            else:
                self.answers.append(Output(Channel.STDOUT, data + b"\n"))
        if self._silent and self._code is not None and not self.over:
            self.over = True
            self.output.append(Exit(self._code))

    def _flush(self) -> None:
        for channel, sieve in self._sieves.items():
            if rest := sieve.flush():
                self.output.append(Output(channel, rest))

    def _end(self, end: Exit) -> None:
        self._flush()
        if not self.over:
            self.over = True
            self.output.append(end if self._code is None else Exit(self._code))
        self.answers.append(end)


class _Half:
    """What both have in common."""

    def __init__(self, task: Task, events: deque[Event]) -> None:
        self._task = task
        self._events = events
        self._closed = False

    def fileno(self) -> int:
        return self._task.stream.fileno()

    @property
    def wants_write(self) -> bool:
        return self._task.stream.wants_write

    @property
    def backlog(self) -> int:
        return self._task.stream.backlog

    def receive(self) -> Sequence[Event]:
        self._task.pump()
        events = list(self._events)
        self._events.clear()
        if not events and self._task.failure:
            raise self._task.failure
        return events

    def flush(self) -> None:
        self._task.stream.flush()

    def end_input(self) -> None: ...

    def resize(self, columns: int, rows: int) -> None: ...

    def keepalive(self, now: float) -> float:
        if self._task.full:
            self._task.stream.idle(now)  # nothing is read on purpose
            return now + 1
        return self._task.stream.keepalive(now)

    def idle(self, now: float) -> object:
        return self._task.stream.idle(now)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._task.close()


class Command(_Half):
    """The command's output and its end."""

    def __init__(self, task: Task) -> None:
        super().__init__(task, task.output)

    def receive(self) -> Sequence[Event]:
        events = super().receive()
        self._task.queued = 0
        return events

    def send(self, data: bytes) -> None:
        """It has no input."""


class Words(_Half):
    """The tether's half: facts, and the last word; for any other a tether of its own is opened."""

    def __init__(self, task: Task) -> None:
        super().__init__(task, task.answers)
        self._beaten = False
        self._real: Stream | None = None
        self._lost: ConnectionLost | None = None

    def fileno(self) -> int:
        return self._real.fileno() if self._real else super().fileno()

    @property
    def wants_write(self) -> bool:
        return self._real.wants_write if self._real else super().wants_write

    def receive(self) -> Sequence[Event]:
        if self._lost:
            raise self._lost
        return self._real.receive() if self._real else super().receive()

    def keepalive(self, now: float) -> float:
        return self._real.keepalive(now) if self._real else super().keepalive(now)

    def flush(self) -> None:
        if self._real:
            self._real.flush()
        else:
            super().flush()

    def send(self, data: bytes) -> None:
        if self._real:
            self._real.send(data)
        elif data.startswith(_BEAT) and not self._beaten:
            self._beaten = True  # the script has said it
            self._events.append(Output(Channel.STDOUT, data))
        elif self._task.over and not data.startswith(_BEAT):
            self._task.stream.send(data)
        else:
            self._open_real(data)

    def _open_real(self, data: bytes) -> None:
        try:
            self._real = self._task.open_tether()
            self._real.send(data)
        except DshellError as error:  # told by `receive`, as of any stream
            self._lost = ConnectionLost(error.message)

    def close(self) -> None:
        if self._real:
            self._real.close()
        super().close()
