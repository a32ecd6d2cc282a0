"""The one loop of a session: bytes between our descriptors and a stream, and nobody waits for the others."""

from __future__ import annotations

import math
import select
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

from kubectl_dshell.domain.stream import Exit
from kubectl_dshell.errors import ConnectionLost, DshellError
from kubectl_dshell.terminal import tty
from kubectl_dshell.terminal.outputs import OutputRouter
from kubectl_dshell.terminal.stdin import Stdin
from kubectl_dshell.terminal.stdio_fds import StdioFds

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_dshell.domain.stream import Companion, Output, Stream
    from kubectl_dshell.terminal.signals import Signals

_BACKLOG_LIMIT = 256 * 1024
_SIGNALLED = 128
"""An exit code above this is a signal's, which nothing could be tidied up after (POSIX, `sh`)."""
_BACKGROUND_SECONDS = 0.5
"""How often a background job looks whether it is in the foreground again: nothing tells it."""


def relay(stream: Stream, ends: StdioFds, companion: Companion | None, signals: Signals) -> Exit:
    """Run until the remote command has ended and all its output is written; how it ended.

    With `ends.tty` the terminal is raw meanwhile. Raises what `stream` and `companion` raise (once the output
    that came before is written), Interrupted, OutputClosed (a reader has gone) and OutputFailed.
    """
    with ExitStack() as stack:
        stack.enter_context(signals.held())
        mode = None if ends.tty is None else stack.enter_context(tty.raw(ends.tty, signals, ends.stdout))
        outputs = stack.enter_context(OutputRouter(ends))
        end = _Relay(stream, ends, companion, signals, outputs, mode).run()
        if mode is not None and (end.code is None or end.code > _SIGNALLED):
            mode.reset_screen()  # killed, and a full-screen program with it
        return end


def relay_into(
    outputs: Receiver, stream: Stream, stdin: int | None, companion: Companion | None, signals: Signals
) -> Exit:
    """The same, without a terminal: what the command writes is for `outputs`, and what it raises is raised."""
    with signals.held():
        return _Relay(stream, StdioFds(stdin=stdin), companion, signals, outputs, None).run()


class Receiver(Protocol):
    """Takes the output of a command."""

    def fileno(self) -> int:
        """Readable when `full`, `drained` or `check` have another answer."""
        ...

    def clear(self) -> None: ...

    @property
    def full(self) -> bool: ...

    @property
    def drained(self) -> bool: ...

    def write(self, output: Output) -> None: ...
    def check(self) -> None:
        """Raise what keeps the output from being taken."""
        ...


class _Relay:
    def __init__(
        self,
        stream: Stream,
        ends: StdioFds,
        companion: Companion | None,
        signals: Signals,
        outputs: Receiver,
        mode: tty.RawMode | None,
    ) -> None:
        self._stream = stream
        self._tty = ends.tty
        self._companion = companion
        self._signals = signals
        self._outputs = outputs
        self._mode = mode
        self._input = Stdin(ends.stdin, raw=mode is not None)
        self._outcome: Exit | DshellError | None = None
        self._lost: ConnectionLost | None = None  # raised once the last words of the far side are read
        self._maybe_more = True  # the stream may hold what poll cannot see (TLS, a last receive cut short)
        self._in_foreground = True
        self._size_due = True
        self._deaf = False  # the last wait did not listen to the stream, or we were stopped
        self._companion_due = self._keepalive_due = -math.inf

    def run(self) -> Exit:
        while self._outcome is None or not self._outputs.drained:
            ready = self._wait()
            self._signals.clear()
            self._outputs.clear()
            self._signals.check()
            self._outputs.check()
            self._mind_terminal()
            self._service(ready)
            if self._outcome is None:
                self._move_input(ready)
                self._move_output(ready)
        self._outputs.check()
        if isinstance(self._outcome, DshellError):
            raise self._outcome
        return self._outcome

    def _service(self, ready: dict[int, int]) -> None:
        """Look after what has its own times."""
        now = time.monotonic()
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

    def _wait(self) -> dict[int, int]:
        poller = select.poll()
        poller.register(self._signals, select.POLLIN)
        poller.register(self._outputs, select.POLLIN)
        due = math.inf
        if self._companion is not None:
            due = self._companion_due
            if self._companion.fileno() >= 0:
                poller.register(self._companion, _mask(read=True, write=self._companion.wants_write))
        if self._outcome is None:
            due = min(due, self._register_stream(poller))
            if self._takes_input:
                poller.register(self._input, select.POLLIN)
            if not self._in_foreground:
                due = min(due, time.monotonic() + _BACKGROUND_SECONDS)
        if math.isinf(due) and due > 0:
            return dict(poller.poll())
        return dict(poller.poll(math.ceil(max(0.0, due - time.monotonic()) * 1000)))

    def _register_stream(self, poller: select.poll) -> float:
        """When the stream has to be looked at, even if nothing comes."""
        self._deaf = self._outputs.full
        reads = not self._deaf
        if mask := _mask(read=reads, write=self._stream.wants_write and self._lost is None):
            poller.register(self._stream, mask)
        if not reads:
            return math.inf  # the companion's times are often enough
        return -math.inf if self._maybe_more else self._keepalive_due

    @property
    def _takes_input(self) -> bool:
        return self._input.open and self._lost is None and self._in_foreground and self._stream.backlog < _BACKLOG_LIMIT

    def _mind_terminal(self) -> None:
        """After a stop or a time in the background the terminal is as somebody else has left it."""
        was_in_foreground, self._in_foreground = self._in_foreground, self._input.ours
        continued = self._signals.take_continued()
        self._deaf |= continued
        if self._mode is not None and self._in_foreground and (continued or not was_in_foreground):
            self._mode.apply()
            self._size_due = True
        self._size_due |= self._signals.take_resized()

    def _move_input(self, ready: dict[int, int]) -> None:
        if self._size_due and self._stream.backlog < _BACKLOG_LIMIT:
            self._size_due = False
            if self._tty is not None and (size := tty.size(self._tty)):
                self._tell(lambda: self._stream.resize(size))
        if self._takes_input and self._input.fileno() in ready:
            data = self._input.read()
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
        if self._outputs.full or not (self._maybe_more or self._stream.fileno() in ready):
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
            if self._mode is not None and self._mode.screen is not None:
                self._mode.screen.follow(event.data)
            self._outputs.write(event)


def _mask(*, read: bool, write: bool) -> int:
    return (select.POLLIN if read else 0) | (select.POLLOUT if write else 0)
