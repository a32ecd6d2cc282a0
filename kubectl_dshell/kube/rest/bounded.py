"""urllib3 connections whose responses are bounded in time and size, whatever the server does.

A socket timeout applies to a single read, so a server that trickles bytes never exceeds it. http.client limits lines
(64 KiB) and headers (100), but neither the number of 1xx responses nor the lines between chunks.
"""

from __future__ import annotations

import http.client
import io
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket

    import urllib3

LARGEST_HEAD = 256 * 1024
"""Bytes of status lines and headers, including those of 1xx responses."""
LARGEST_BODY = 64 * 1024 * 1024
"""Bytes, both as sent and as decoded."""
MOST_CHUNKS = 100_000
"""Per body: no server sends 64 MiB in chunks of less than 640 bytes."""
_FRAMING = 4 * 1024 * 1024
"""Bytes between the chunks of a body."""


def bounded(manager: urllib3.PoolManager) -> urllib3.PoolManager:
    """The same manager, with each response limited to the timeout of the request and the sizes above."""
    kinds: dict[str, Any] = manager.pool_classes_by_scheme
    manager.pool_classes_by_scheme = {scheme: _pool(kind) for scheme, kind in kinds.items()}
    return manager


def _pool(kind: Any) -> Any:
    connection = type("Connection", (kind.ConnectionCls,), {"response_class": Response})
    return type("Pool", (kind,), {"ConnectionCls": connection})


class Wire(io.RawIOBase):
    """Data from a socket, until a deadline and up to a size."""

    def __init__(self, raw: Any, sock: socket.socket) -> None:
        """`raw` is the socket as a file; the timeout of the socket becomes the limit for the whole response."""
        self._raw, self.sock = raw, sock
        timeout = sock.gettimeout()
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._room = LARGEST_HEAD
        self._sealed = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._sealed:
            return None
        if self._room < 0:
            raise http.client.HTTPException("the response is too large")
        if self._deadline is not None:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("timed out")
            self.sock.settimeout(left)
        count: int | None = self._raw.readinto(buffer)
        self._room -= count or 0
        return count

    def begin_body(self) -> None:
        self._room = LARGEST_BODY + _FRAMING

    def unbind(self) -> None:
        """Drop the deadline: from now on the caller reads the socket itself."""
        self._deadline = None

    def seal(self) -> None:
        """Stop reading from the socket: only buffered data remains."""
        self._sealed = True

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._raw.close()


class Response(http.client.HTTPResponse):
    """A bounded response."""

    AHEAD = io.DEFAULT_BUFFER_SIZE
    """Bytes read at a time."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._chunks = 0
        plain: Any = self.fp
        self._wire = Wire(plain.detach(), sock)
        self.fp = io.BufferedReader(self._wire, self.AHEAD)

    def begin(self) -> None:
        super().begin()
        self._wire.begin_body()

    def _read_next_chunk_size(self) -> int:
        size: int = super()._read_next_chunk_size()  # type: ignore[misc]  # int() accepts "-5"
        self._chunks += 1
        if size < 0 or self._chunks > MOST_CHUNKS:
            raise http.client.HTTPException("a chunk of negative size" if size < 0 else "too many chunks")
        return size
