"""One exec stream as everybody sees it, whatever carries it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class Channel(IntEnum):
    """Channel numbers of v4/v5.channel.k8s.io (KEP-4006; apimachinery `pkg/util/remotecommand`)."""

    STDIN = 0
    STDOUT = 1
    STDERR = 2
    STATUS = 3
    RESIZE = 4
    CLOSE = 255


@dataclass(frozen=True, slots=True)
class Output:
    """Bytes the remote process wrote; `channel` is STDOUT or STDERR."""

    channel: Channel
    data: bytes


@dataclass(frozen=True, slots=True)
class Exit:
    """How the remote command ended: its exit code, or None and the server's own words when there is none."""

    code: int | None
    message: str = ""


Event = Output | Exit


@dataclass(frozen=True, slots=True)
class Piped:
    """How a command between two ends of ours has ended: what it said on stderr, and what failed at our side."""

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
        """Bytes queued and not yet taken by the socket."""
        ...

    def receive(self) -> Sequence[Event]:
        """Whatever has arrived, 1 MiB at most; raises ConnectionLost when no Exit can come any more."""
        ...

    def send(self, data: bytes) -> None: ...

    def flush(self) -> None: ...

    def end_input(self) -> None: ...

    def resize(self, size: TerminalSize) -> None: ...

    def close(self) -> None:
        """Never raises, and never blocks for long."""
        ...

    def keepalive(self, now: float) -> float:
        """Do what is due; the time of the next call wanted; raises ConnectionLost after a long silence."""
        ...

    def idle(self, now: float) -> object:
        """As `keepalive`, while we do not read on purpose: silence until `now` proves nothing."""
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
    """To be looked after while the relay runs; `fileno` is -1 while there is nothing to poll."""

    def fileno(self) -> int: ...

    @property
    def wants_write(self) -> bool: ...

    def service(self, now: float) -> float:
        """Do what is due or ready, without blocking; the time of the next call wanted."""
        ...
