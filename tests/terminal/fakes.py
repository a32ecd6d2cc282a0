"""A stream over a real socket pair with a plain framing, and its other side as functions a script can call.

A frame is a letter, four bytes of length, and the data: `i` input, `e` end of input, `s` size "COLUMNS ROWS" to
the far side; `o` stdout, `r` stderr, `x` exit code to ours.
"""

from __future__ import annotations

import select
import socket
import struct
from dataclasses import dataclass, field

from kubectl_dshell.domain.stream import Channel, Event, Exit, Output, TerminalSize
from kubectl_dshell.errors import ConnectionLost

_HEADER = struct.Struct("!cI")
_AT_ONCE = 1024 * 1024
_EVENTS = 50
"""So few at a time that some are left which poll cannot see, as with TLS."""


def frames(buffer: bytearray) -> list[tuple[str, bytes]]:
    """Take the whole frames off the front of `buffer`."""
    found, start = [], 0
    while len(buffer) - start >= _HEADER.size:
        letter, length = _HEADER.unpack_from(buffer, start)
        end = start + _HEADER.size + length
        if len(buffer) < end:
            break
        found.append((letter.decode(), bytes(buffer[start + _HEADER.size : end])))
        start = end
    del buffer[:start]
    return found


def frame(letter: str, data: bytes = b"") -> bytes:
    return _HEADER.pack(letter.encode(), len(data)) + data


class FakeStream:
    """Our side; satisfies `domain.stream.Stream`."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._socket.setblocking(False)
        self._unsent = bytearray()
        self._received = bytearray()
        self._events: list[Event] = []
        self.idled = 0
        self.looks = 0  # how often the loop has come round

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def wants_write(self) -> bool:
        self.looks += 1
        return bool(self._unsent)

    @property
    def backlog(self) -> int:
        return len(self._unsent)

    def receive(self) -> list[Event]:
        taken, gone = 0, False
        while taken < _AT_ONCE:
            try:
                data = self._socket.recv(65536)
            except BlockingIOError:
                break
            except ConnectionResetError:
                data = b""
            if not data:
                gone = True
                break
            taken += len(data)
            self._received += data
        self._events += [_event(letter, data) for letter, data in frames(self._received)]
        events, self._events = self._events[:_EVENTS], self._events[_EVENTS:]
        if gone and not events:
            raise ConnectionLost("the other side has gone")
        return events

    def send(self, data: bytes | memoryview) -> None:
        self._queue("i", bytes(data))

    def flush(self) -> None:
        try:
            while self._unsent:
                del self._unsent[: self._socket.send(self._unsent[:65536])]
        except BlockingIOError:
            pass
        except (BrokenPipeError, ConnectionResetError) as error:
            raise ConnectionLost("the other side does not listen") from error

    def end_input(self) -> None:
        self._queue("e")

    def resize(self, size: TerminalSize) -> None:
        self._queue("s", b"%d %d" % (size.columns, size.rows))

    def keepalive(self, now: float) -> float:
        return now + 15

    def idle(self, now: float) -> float:
        self.idled += 1
        return now + 15

    def close(self) -> None:
        self._socket.close()

    def _queue(self, letter: str, data: bytes = b"") -> None:
        self._unsent += frame(letter, data)
        self.flush()


def _event(letter: str, data: bytes) -> Event:
    if letter == "x":
        return Exit(int(data))
    return Output(Channel.STDERR if letter == "r" else Channel.STDOUT, data)


class FarSide:
    """The other end of the socket pair: blocking, for a thread or a test of its own."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self._buffer = bytearray()
        self._frames: list[tuple[str, bytes]] = []

    def write(self, data: bytes, letter: str = "o") -> None:
        self.socket.sendall(frame(letter, data))

    def exit(self, code: int) -> None:
        self.socket.sendall(frame("x", b"%d" % code))

    def next(self, seconds: float = 20) -> tuple[str, bytes]:
        """The next frame; ("", b"") at the end of the connection."""
        self.socket.settimeout(seconds)
        while not self._frames:
            data = self.socket.recv(262144)
            if not data:
                return "", b""
            self._buffer += data
            self._frames += frames(self._buffer)
        return self._frames.pop(0)

    def has_frame(self) -> bool:
        return bool(self._frames) or bool(select.select([self.socket], [], [], 0)[0])

    def input_until(self, marker: bytes) -> bytes:
        """Everything typed, up to and including `marker`."""
        typed = b""
        while marker not in typed:
            letter, data = self.next()
            assert letter, typed
            typed += data if letter == "i" else b""
        return typed


@dataclass
class FakeCompanion:
    """Wants to be called every `every` seconds."""

    every: float = 0.02
    calls: list[float] = field(default_factory=list)
    error: ConnectionLost | None = None
    wants_write: bool = False

    def fileno(self) -> int:
        return -1

    def service(self, now: float) -> float:
        if self.error:
            raise self.error
        self.calls.append(now)
        return now + self.every


def pair() -> tuple[FakeStream, FarSide]:
    ours, theirs = socket.socketpair()
    return FakeStream(ours), FarSide(theirs)
