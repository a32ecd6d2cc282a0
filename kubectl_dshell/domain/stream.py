"""The interface of one exec stream, independent of its transport."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


SIGNALLED = 128
"""Exit codes above this stand for a signal (POSIX, `sh`), whoever sent it."""
KILLED = SIGNALLED + 9


class Channel(IntEnum):
    """Channel numbers of v4/v5.channel.k8s.io (KEP-4006; apimachinery `pkg/util/remotecommand`)."""

    STDIN = 0
    STDOUT = 1
    STDERR = 2
    STATUS = 3
    RESIZE = 4
    CLOSE = 255


class Output(NamedTuple):
    """Bytes the remote process wrote; `channel` is STDOUT or STDERR."""

    channel: Channel
    data: bytes


class Exit(NamedTuple):
    """The end of the remote command: its exit code, or None and the server's message if there is none."""

    code: int | None
    message: str = ""


Event = Output | Exit


@dataclass(frozen=True, slots=True)
class Piped:
    """The end of a command with piped stdin and stdout: its stderr output, and the failure on our side, if any."""

    end: Exit
    said: str
    failure: Exception | None


class TerminalSize(NamedTuple):
    """In the order that stty and the kernel's `struct winsize` have."""

    rows: int
    columns: int


class Stream(Protocol):
    """One exec, used by one thread. Times are those of `time.monotonic`."""

    def fileno(self) -> int: ...

    @property
    def wants_write(self) -> bool: ...

    @property
    def backlog(self) -> int:
        """Bytes queued but not yet accepted by the socket."""
        ...

    def receive(self) -> Sequence[Event]:
        """The events that have arrived, 1 MiB at most; raises ConnectionLost once no Exit can arrive any more."""
        ...

    def send(self, data: bytes | memoryview) -> None:
        """Send `data` to stdin of the command, or queue it: the buffer of a memoryview may be reused afterwards."""
        ...

    def flush(self) -> None: ...

    def end_input(self) -> None: ...

    def resize(self, size: TerminalSize) -> None: ...

    def close(self) -> None:
        """Never raises, and never blocks for long."""
        ...

    def keepalive(self, now: float) -> float:
        """Do the work that is due and return when to call again; raises ConnectionLost after a long silence."""
        ...

    def idle(self, now: float) -> object:
        """Like `keepalive` while reading is paused on purpose: silence up to `now` proves nothing."""
        ...


class Sink(Protocol):
    """Accepts the output of one command without blocking."""

    @property
    def full(self) -> bool:
        """Whether to hold back more output for now."""
        ...

    def check(self) -> None:
        """Raises the failure that keeps it from accepting output, if any."""

    def write(self, output: Output) -> None: ...


class BufferedSink(Sink, Protocol):
    """A Sink that passes its output on in a thread of its own."""

    def fileno(self) -> int:
        """Readable when `full`, `drained` or `check` may have changed; -1 if it cannot be polled."""
        ...

    def clear(self) -> None: ...

    @property
    def drained(self) -> bool:
        """Whether everything has been passed on."""
        ...


class Companion(Protocol):
    """A second connection served while the relay runs; `fileno` is -1 while there is nothing to poll."""

    def fileno(self) -> int: ...

    @property
    def wants_write(self) -> bool: ...

    def service(self, now: float) -> float:
        """Do the work that is due or ready, without blocking, and return when to call again."""
        ...
