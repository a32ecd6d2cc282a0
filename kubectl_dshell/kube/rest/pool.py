"""Persistent connections to an API server, through its proxy if there is one, on plain sockets."""

from __future__ import annotations

import contextlib
import select
import threading
import weakref
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from kubectl_dshell.kube.http.head import request_head
from kubectl_dshell.kube.http.response import Response
from kubectl_dshell.kube.net.connect import authorization, open_connection
from kubectl_dshell.kube.net.endpoint import DEFAULT_PORTS, ascii_name

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable

    from kubectl_dshell.kube.connection.connection import Connection

_MOST_IDLE = 64


class _Wire(NamedTuple):
    sock: socket.socket
    certificates: int
    """The number of the client certificate that it authenticated with."""


class Pool:
    """Thread-safe: a connection belongs to one request at a time, until its response has been read."""

    def __init__(self, connection: Connection) -> None:
        """Connects when the first request is sent."""
        self._connection = connection
        server, proxy = urlsplit(connection.server), connection.proxy
        self._host, self._port = server.hostname or "", server.port or DEFAULT_PORTS[server.scheme]
        self._authority = server.netloc
        # Proxies rarely allow CONNECT to a plain-HTTP server; they forward requests instead.
        self._forwarded = connection.tls is None and proxy is not None and proxy.endpoint.scheme in ("http", "https")
        self._prefix = connection.server if self._forwarded else server.path
        self._idle: list[_Wire] = []
        self._lock = threading.Lock()
        weakref.finalize(self, _close, self._idle)

    def request(
        self,
        method: str,
        resource: str,
        headers: Iterable[tuple[str, str]],
        body: bytes | None,
        *,
        connect_seconds: float,
        seconds: float,
    ) -> OpenResponse:
        """Send a request for `resource` (path and query below the server's URL), and read the head of its response.

        Raises:
            OSError: no connection, it broke, or no response within `seconds`.
            HttpError: the response is not HTTP, or out of bounds.
        """
        words = self._words(method, resource, headers, body)
        wire = self._reused() or self._connected(connect_seconds)
        try:
            wire.sock.settimeout(seconds)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may have responded before
                wire.sock.sendall(words)
            response = Response(wire.sock, seconds)
            response.begin()
        except BaseException:
            wire.sock.close()
            raise
        return OpenResponse(response, wire, self)

    def clear(self) -> None:
        """Close all connections that are not in use."""
        with self._lock:
            _close(self._idle)

    def take_back(self, wire: _Wire) -> None:
        """Keep a connection, whose response has been read, for later requests."""
        with self._lock:
            if len(self._idle) < _MOST_IDLE and self._is_current(wire):
                self._idle.append(wire)
                return
        wire.sock.close()

    def _reused(self) -> _Wire | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                wire = self._idle.pop()
            if self._is_current(wire) and not _has_ended(wire.sock):
                return wire
            wire.sock.close()

    def _is_current(self, wire: _Wire) -> bool:
        """Whether no other client certificate has been obtained since it was connected."""
        return wire.certificates == self._connection.certificates

    def _connected(self, seconds: float) -> _Wire:
        certificates = self._connection.certificates
        return _Wire(self._socket(seconds), certificates)

    def _socket(self, seconds: float) -> socket.socket:
        proxy, tls, name = self._connection.proxy, self._connection.tls, self._host
        if proxy is not None and self._forwarded:
            tls, name = proxy.tls, proxy.endpoint.host
            sock = open_connection(proxy.endpoint.host, proxy.endpoint.port, None, seconds)
        else:
            name = self._connection.tls_server_name or name
            sock = open_connection(self._host, self._port, proxy, seconds)
        if tls is None:
            return sock
        try:
            return tls.wrap_socket(sock, server_hostname=ascii_name(name))
        except BaseException:
            sock.close()
            raise

    def _words(self, method: str, resource: str, headers: Iterable[tuple[str, str]], body: bytes | None) -> bytes:
        sent = [("Host", self._authority), *headers]
        if self._forwarded and self._connection.proxy is not None:
            sent += authorization(self._connection.proxy.endpoint.login).items()
        if body is not None:
            sent.append(("Content-Length", str(len(body))))
        return request_head(method, self._prefix + resource, sent) + (body or b"")


class OpenResponse:
    """A response whose body has not been read yet. Every one must be released or closed."""

    def __init__(self, response: Response, wire: _Wire, pool: Pool) -> None:
        """`wire` is the connection it came from."""
        self.status, self.reason, self.headers = response.status, response.reason, response.headers
        self.chunked = response.chunked
        self._response = response
        self._wire, self._pool = wire, pool

    @property
    def complete(self) -> bool:
        """Whether the whole body has been read."""
        return self._response.complete

    def read(self, most: int) -> bytes:
        """The next `most` bytes of the body; fewer before its end, b"" at it.

        Raises:
            OSError, HttpError: it was cut short, timed out, or is out of bounds.
        """
        return self._response.read(most)

    def hand_over(self) -> tuple[socket.socket, bytes]:
        """The socket and what has been received from it: the caller reads the body itself, without a deadline."""
        return self._wire.sock, self._response.hand_over()

    def release(self) -> None:
        """Keep the connection for later requests if the whole body has been read and neither side closed it."""
        if self._response.reusable:
            self._pool.take_back(self._wire)
        else:
            self.close()

    def close(self) -> None:
        self._wire.sock.close()


def _close(idle: list[_Wire]) -> None:
    while idle:
        idle.pop().sock.close()


def _has_ended(sock: socket.socket) -> bool:
    """Whether the server has closed an idle connection, or sent something that nobody asked for."""
    poller = select.poll()  # select() fails above descriptor 1023
    poller.register(sock, select.POLLIN)
    return bool(poller.poll(0))
