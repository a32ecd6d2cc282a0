"""`python -m hack.benchmarks.delaying_proxy HOST PORT RTT`: a TCP proxy to HOST:PORT that is RTT seconds away.

Every chunk, and the end of a direction, arrives RTT/2 after it was sent: each direction has a queue with due times, so
what is on its way takes no room from what follows, and the rate is not limited (up to IN_FLIGHT bytes on their way).

TCP's handshake is local and takes no time here. So what a client sends on a new connection counts as sent one RTT after
the connection was opened, if it was sent earlier: as if connect() had returned then. What a client does between its
connect() and its first bytes therefore costs nothing here while it takes less than one RTT.

Round trips are counted by what could have been the cause of what, not by time. A chunk from a client depends on all
that any connection has delivered to clients before (and on the handshake of its own); a chunk from the server depends
on what the server got before on the same connection, and is one round trip further; the end of a direction counts for
nothing. The number is too high where two
chunks only follow each other by chance, which is rare with an RTT far above what both ends take to answer. It never
exceeds the elapsed time divided by the RTT.

Prints its port. For each line on stdin it prints `{"round_trips": N, "connections": [TURNS, ...]}`: round trips that
waited for each other until now, the handshakes with them, and how often each connection's server was waited for; after
the line "anew" it begins again at 0. The end of stdin is its own.
"""

from __future__ import annotations

import asyncio
import json
import select
import selectors
import socket
import struct
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

IN_FLIGHT = 64 * 1024 * 1024
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class PreciseSelector(selectors.EpollSelector):
    """Waits to the microsecond: epoll itself rounds up to milliseconds, at each of the many ways of a session."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        select.select([self], [], [], timeout)
        return super().select(0)


class Chunk(NamedTuple):
    due: float
    data: bytes
    """Nothing: the end of this direction."""
    round_trips: int


class Way:
    """One direction of a connection: chunks on their way to `sink`."""

    def __init__(self, seconds: float, arrived: Callable[[int], None]) -> None:
        self.sink: asyncio.Transport | None = None
        self.source: asyncio.Transport | None = None
        self._seconds = seconds
        self._arrived = arrived
        self._chunks: deque[Chunk] = deque()
        self._size = 0
        self._full = False
        self._timer: asyncio.TimerHandle | None = None

    def send(self, data: bytes, sent: float, round_trips: int) -> None:
        self._chunks.append(Chunk(sent + self._seconds, data, round_trips))
        self._size += len(data)
        if self._size > IN_FLIGHT and self.source:
            self.source.pause_reading()
        self.deliver()

    def hold(self) -> None:
        """The sink takes no more for now."""
        self._full = True

    def proceed(self) -> None:
        self._full = False
        self.deliver()

    def open(self, sink: asyncio.Transport) -> None:
        self.sink = sink
        self.deliver()

    def deliver(self) -> None:
        """Pass on what is due, and come back for the next."""
        loop = asyncio.get_running_loop()
        while self.sink and not self._full and self._chunks and self._chunks[0].due <= loop.time():
            chunk = self._chunks.popleft()
            self._arrived(chunk.round_trips)
            self._pass_on(self.sink, chunk.data)
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self.sink and not self._full and self._chunks:
            self._timer = loop.call_at(self._chunks[0].due, self.deliver)

    def _pass_on(self, sink: asyncio.Transport, data: bytes) -> None:
        was_full = self._size > IN_FLIGHT
        self._size -= len(data)
        if was_full and self._size <= IN_FLIGHT and self.source and not self.source.is_closing():
            self.source.resume_reading()
        if sink.is_closing():
            return
        if data:
            sink.write(data)
        else:
            with suppress(OSError):  # a reset has been faster
                sink.write_eof()


class Counts:
    """Round trips over all connections, and turns of each."""

    def __init__(self) -> None:
        self.delivered = 0
        """The most round trips that anything delivered to a client has behind it."""
        self.connections: list[Connection] = []

    def to_client(self, round_trips: int) -> None:
        self.delivered = max(self.delivered, round_trips)

    def told(self) -> str:
        turns = [connection.turns for connection in self.connections]
        return json.dumps({"round_trips": self.delivered, "connections": turns})


class Connection:
    def __init__(self, rtt: float, counts: Counts) -> None:
        self._counts = counts
        self._established = asyncio.get_running_loop().time() + rtt
        self._handshake = counts.delivered + 1
        self._at_server = 0  # round trips behind what the server has got
        self._server_was_last = True
        self.turns = 0
        self.up = Way(rtt / 2, self._to_server)
        self.down = Way(rtt / 2, counts.to_client)
        counts.connections.append(self)

    def refuse(self) -> None:
        """Nobody is there: the client gets a reset."""
        if client := self.down.sink:
            client.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            client.abort()

    def _to_server(self, round_trips: int) -> None:
        self._at_server = max(self._at_server, round_trips)

    def from_client(self, data: bytes) -> None:
        if data:
            self.turns += self._server_was_last
            self._server_was_last = False
        sent = max(asyncio.get_running_loop().time(), self._established)
        self.up.send(data, sent, max(self._counts.delivered, self._handshake) if data else 0)

    def from_server(self, data: bytes) -> None:
        self._server_was_last = self._server_was_last or bool(data)
        self.down.send(data, asyncio.get_running_loop().time(), self._at_server + 1 if data else 0)


class End(asyncio.Protocol):
    """One of a connection's two ends."""

    def __init__(self, inwards: Way, outwards: Way, received: Callable[[bytes], None]) -> None:
        self._inwards = inwards
        self._outwards = outwards
        self._received = received
        self._ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._outwards.source = transport
        self._inwards.open(transport)

    def data_received(self, data: bytes) -> None:
        self._received(data)

    def eof_received(self) -> bool:
        self._end()
        return True  # the other direction goes on

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._received(b"")

    def pause_writing(self) -> None:
        self._inwards.hold()

    def resume_writing(self) -> None:
        self._inwards.proceed()


async def serve(server: tuple[str, int], rtt: float) -> None:
    loop = asyncio.get_running_loop()
    counts = Counts()
    upstreams: set[asyncio.Task[None]] = set()

    async def connect(connection: Connection) -> None:
        try:
            await loop.create_connection(lambda: End(connection.up, connection.down, connection.from_server), *server)
        except OSError:
            connection.refuse()

    def accept() -> End:
        connection = Connection(rtt, counts)
        task = loop.create_task(connect(connection))
        upstreams.add(task)
        task.add_done_callback(upstreams.discard)
        return End(connection.down, connection.up, connection.from_client)

    listener = await loop.create_server(accept, "127.0.0.1", 0, backlog=1024)
    print(listener.sockets[0].getsockname()[1], flush=True)
    questions = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(questions), sys.stdin)
    while question := await questions.readline():
        print(counts.told(), flush=True)
        if question == b"anew\n":
            counts = Counts()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(PreciseSelector())) as runner:
        runner.run(serve((sys.argv[1], int(sys.argv[2])), float(sys.argv[3])))
