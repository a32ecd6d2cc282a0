"""An exec stream: a WebSocket over a non-blocking socket, for a polling loop."""

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
    from kubectl_dshell.kube.connection.connection import LastHeard

PIECE = 128 * 1024
RECEIVE_LIMIT = 256 * 1024
# More than a TLS record, so that a read leaves no decrypted data behind, which poll cannot see.
_READ = 32 * 1024
_RECYCLED = 4 * 1024 * 1024
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_FORGET = struct.pack("ii", 1, 0)
_NORMAL_CLOSE = (1000).to_bytes(2, "big")


class ExecStream:
    """Stdin, output and exit of a command over `sock`, after the handshake; for a single thread."""

    def __init__(
        self, sock: socket.socket, protocol: str, *, now: float, early: bytes = b"", others: LastHeard | None = None
    ) -> None:
        """`protocol` is the server's choice (`channel.V5` or V4), `now` is in monotonic seconds.

        `early` holds bytes that were read with the handshake; `others` is what all streams to the server have heard.
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
        self._heartbeat = Keepalive(now, others)
        self._exit: Exit | None = None
        self._lost: str | None = None
        self._deaf = False
        self._silent = False
        self._early = early
        if early or (isinstance(sock, ssl.SSLSocket) and sock.pending()):
            # The first frames shared a TLS record with the handshake: only the pong makes the socket readable.
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
        """Events received so far, at most about 256 KiB; never blocks.

        Raises:
            ConnectionLost: the peer is gone and sent no Exit.
        """
        events: list[Event] = []
        # Each read returns at most one TLS record; parsing several together is far cheaper.
        taken = 0
        with self._reader.room(self._limit + _READ) as room:
            while taken < self._limit and self._lost is None and (count := self._read(room[taken:])):
                taken += count
        if taken >= self._limit < RECEIVE_LIMIT:  # most streams never need that much memory
            self._limit = min(4 * self._limit, RECEIVE_LIMIT)
            _keep_freed_memory()
        if taken:
            self._heartbeat.heard()
            self._take(taken, events)
        if self._lost is not None and not events and self._exit is None:
            raise ConnectionLost(f"the connection to the command was lost: {self._lost}")
        return events

    def send(self, data: bytes | memoryview) -> None:
        """Queue bytes for stdin of the command and write as much as the socket accepts."""
        view = memoryview(data)
        for start in range(0, len(view), PIECE):
            self._enqueue(view[start : start + PIECE], prefix=channel.STDIN)
        self._heartbeat.sent(len(data))
        self.flush()

    def end_input(self) -> None:
        """Close stdin of the command after the queued data; v4 cannot signal this."""
        if self.protocol == channel.V5:
            self._enqueue(channel.END_OF_INPUT)
            self.flush()

    def resize(self, size: TerminalSize) -> None:
        self._enqueue(channel.resize(size))
        self.flush()

    def flush(self) -> None:
        """Write as much as the socket accepts. `receive` reports a failure, after the data received before it."""
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
        """Ping if due; returns the monotonic time of the next call.

        Raises:
            ConnectionLost: nothing was received for 30 s.
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
        """Like `keepalive`, while the caller deliberately does not read, so that silence means nothing."""
        self._heartbeat.excuse(now)
        return self.keepalive(now)

    def close(self) -> None:
        """Send a close frame if the socket accepts it, and close the socket.

        After a silence unsent data is discarded: the kernel would retry for minutes, and a heartbeat delivered so late
        would keep a debug container whose client is long gone.
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
        """Number of bytes read into `room`; 0 if there are none, or at the end (then `_lost` is set)."""
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
        """Queue a pong; while the server does not read, only the latest ping is answered (RFC 6455, 5.5.3)."""
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
        # Makes the socket readable, so that the polling loop notices.
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def _deafen(self) -> None:
        """Drop the queue, since the peer no longer reads; data from the peer may still arrive."""
        self._deaf = True
        self._queue.clear()
        self._backlog = 0

    def _enqueue(self, data: bytes | memoryview, opcode: Opcode = Opcode.BINARY, *, prefix: bytes = b"") -> None:
        if self._deaf:
            return
        frame = frames.encode(data, opcode, prefix=prefix)
        self._queue.append(memoryview(frame))
        self._backlog += len(frame)


def _keep_freed_memory() -> None:
    """Have glibc recycle the chunks of a bulk stream, rather than return each to the kernel and get it zeroed again.

    Freeing a mapping raises the size up to which it does.
    """
    bytes(_RECYCLED)
