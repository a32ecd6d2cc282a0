"""One exec: a WebSocket whose socket never blocks, for a loop that polls it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from collections import deque
from typing import TYPE_CHECKING

from kubectl_dshell.domain.stream import Event, Exit
from kubectl_dshell.errors import ConnectionLost
from kubectl_dshell.kube.exec import channel, frames
from kubectl_dshell.kube.exec.frames import Opcode
from kubectl_dshell.kube.exec.keepalive import Keepalive, PeerSilent

if TYPE_CHECKING:
    from kubectl_dshell.domain.stream import TerminalSize

PIECE = 128 * 1024
RECEIVE_LIMIT = 256 * 1024
# More than a TLS record: a read leaves nothing decrypted behind, where no poll would see it.
_READ = 32 * 1024
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_FORGET = struct.pack("ii", 1, 0)
_NORMAL_CLOSE = (1000).to_bytes(2, "big")


class ExecStream:
    """A command's stdin, output and exit over `sock`, whose handshake is done; used by one thread."""

    def __init__(self, sock: socket.socket, protocol: str, *, now: float, early: bytes = b"") -> None:
        """`protocol` is what the server chose (`channel.V5` or V4), `now` monotonic seconds.

        `early` are bytes that were read with the handshake.
        """
        self.protocol = protocol
        self._sock = sock
        self._sock.settimeout(0)
        self._reader = frames.Reader()
        self._limit = _READ
        self._queue: deque[memoryview] = deque()
        self._backlog = 0
        self._ponging: object = None
        """The frame in the queue that answers a ping."""
        self._owed: bytes | None = None
        self._heartbeat = Keepalive(now)
        self._exit: Exit | None = None
        self._lost: str | None = None
        self._deaf = False
        self._silent = False
        self._early = early
        if early or (isinstance(sock, ssl.SSLSocket) and sock.pending()):
            # The first frames shared a TLS record with the handshake: only an answer makes a poll see them.
            self._enqueue(b"", Opcode.PING)
            self.flush()

    def fileno(self) -> int:
        return self._sock.fileno()

    @property
    def wants_write(self) -> bool:
        return bool(self._queue)

    @property
    def backlog(self) -> int:
        return self._backlog

    def receive(self) -> list[Event]:
        """What has arrived, about a quarter of a MiB at most; never blocks.

        Raises:
            ConnectionLost: the peer is gone, and no Exit came before.
        """
        events: list[Event] = []
        # A TLS record at a time is what can be read; all of them at once is far cheaper to take apart.
        taken = 0
        with self._reader.room(self._limit + _READ) as room:
            while taken < self._limit and self._lost is None and (count := self._read(room[taken:])):
                taken += count
        if taken >= self._limit:
            self._limit = min(4 * self._limit, RECEIVE_LIMIT)  # most streams never need that much memory
        if taken:
            self._heartbeat.heard()
            self._take(taken, events)
        if self._lost is not None and not events and self._exit is None:
            raise ConnectionLost(f"the connection to the command was lost: {self._lost}")
        return events

    def send(self, data: bytes) -> None:
        """Queue bytes for the command's stdin and write what the socket takes."""
        for start in range(0, len(data), PIECE):
            self._enqueue(channel.stdin(data[start : start + PIECE]))
        self._heartbeat.sent(len(data))
        self.flush()

    def end_input(self) -> None:
        """Let the command's stdin end after what is queued; v4 has no way to say so."""
        if self.protocol == channel.V5:
            self._enqueue(channel.END_OF_INPUT)
            self.flush()

    def resize(self, size: TerminalSize) -> None:
        self._enqueue(channel.resize(size))
        self.flush()

    def flush(self) -> None:
        """Write what the socket takes now. A failure here is told by `receive`, after what came before it."""
        while self._queue:
            head = self._queue[0]
            try:
                count = self._sock.send(head)
            except _WOULD_BLOCK:
                return
            except OSError:
                self._deafen()
                return
            self._backlog -= count
            if count == len(head):
                self._queue.popleft()
                self._sent(head.obj)
            else:
                self._queue[0] = head[count:]

    def keepalive(self, now: float) -> float:
        """Ping when due; the monotonic time of the next call.

        Raises:
            ConnectionLost: nothing was heard for 30 s.
        """
        if self._exit is not None or self._lost is not None:
            return now + Keepalive.INTERVAL
        try:
            ping = self._heartbeat.due(now)
        except PeerSilent:
            self._silent = True
            seconds = int(Keepalive.PATIENCE)
            raise ConnectionLost(
                f"the connection to the command was lost: nothing was received for {seconds} s"
            ) from None
        if ping is not None:
            self._enqueue(ping, Opcode.PING)
            self.flush()
        return self._heartbeat.next(now)

    def idle(self, now: float) -> float:
        """As `keepalive`, while we deliberately do not read: silence means nothing then."""
        self._heartbeat.excuse(now)
        return self.keepalive(now)

    def close(self) -> None:
        """Say goodbye if the socket takes it, and close it.

        After a silence what was said is taken back: the kernel would go on trying for minutes, and a beat that arrives
        then would keep a debug container whose client has long gone.
        """
        if self._silent:
            with contextlib.suppress(OSError):
                self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _FORGET)
        with contextlib.suppress(OSError, ValueError):
            if not self._queue and not self._deaf:
                self._sock.send(frames.encode(_NORMAL_CLOSE, Opcode.CLOSE))
        with contextlib.suppress(OSError):
            self._sock.close()

    def _read(self, room: memoryview) -> int:
        """How many bytes are in `room` now; 0 when nothing is there or the end has come (then `_lost` says so)."""
        if self._early:
            early, self._early = self._early, b""
            room[: len(early)] = early
            return len(early)
        try:
            count = self._sock.recv_into(room)
        except _WOULD_BLOCK:
            return 0
        except OSError as error:
            self._lost = error.strerror or str(error)
            return 0
        if not count:
            self._lost = "closed by the server without a reason"
        return count

    def _take(self, count: int, events: list[Event]) -> None:
        try:
            messages = self._reader.took(count)
        except frames.ProtocolError as error:
            self._hang_up(f"not the WebSocket protocol ({error})")
            return
        for message in messages:
            if message.opcode is Opcode.BINARY:
                event = channel.decode(message.data)
                if event is not None:
                    events.append(event)
                if isinstance(event, Exit):
                    self._exit = event
                    self._deafen()
            elif message.opcode is Opcode.PING:
                self._pong(message.data)
            elif message.opcode is Opcode.PONG:
                self._heartbeat.answered(message.data)
            elif message.opcode is Opcode.CLOSE:
                self._hang_up(f"closed by the server: {frames.close_reason(message.data)}")
                return

    def _pong(self, payload: bytes) -> None:
        """One at a time waits for a server that does not read, the last (RFC 6455, 5.5.3)."""
        if self._ponging is not None:
            self._owed = payload
            return
        self._enqueue(payload, Opcode.PONG)
        self._ponging = self._queue[-1].obj if self._queue else None
        self.flush()

    def _sent(self, frame: object) -> None:
        if frame is self._ponging:
            self._ponging = None
            owed, self._owed = self._owed, None
            if owed is not None:
                self._pong(owed)

    def _hang_up(self, why: str) -> None:
        self._lost = why
        self._deafen()
        # Makes the socket readable, so that a poller comes back for the news.
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def _deafen(self) -> None:
        """Nobody takes what we send any more; what was sent to us may still be on its way."""
        self._deaf = True
        self._queue.clear()
        self._backlog = 0

    def _enqueue(self, data: bytes, opcode: Opcode = Opcode.BINARY) -> None:
        if self._deaf:
            return
        frame = frames.encode(data, opcode)
        self._queue.append(memoryview(frame))
        self._backlog += len(frame)
