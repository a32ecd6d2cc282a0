"""Connections to a server, directly or through a proxy, after the exchange with the proxy."""

from __future__ import annotations

import base64
import socket
import ssl
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

from kubectl_dshell import __version__
from kubectl_dshell.kube.net import socks
from kubectl_dshell.kube.net.endpoint import ascii_name

if TYPE_CHECKING:
    from kubectl_dshell.kube.net.endpoint import Endpoint, Login

_LARGEST_HEAD = 16 * 1024
# Detects a dead peer on an idle connection: 3 probes 10 s apart, after 30 s.
_KEEPALIVE = (("TCP_KEEPIDLE", 30), ("TCP_KEEPALIVE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))


class ProxyError(ConnectionRefusedError):
    """The proxy is unreachable or refuses the connection; the text names it."""


class Proxy(NamedTuple):
    """The address of a proxy; `tls` is for the connection to an https proxy."""

    endpoint: Endpoint
    tls: ssl.SSLContext | None = None

    @property
    def url(self) -> str:
        """The URL without credentials."""
        return self.endpoint.url


def open_connection(host: str, port: int, proxy: Proxy | None, seconds: float) -> socket.socket:
    """A connected, blocking socket without the TLS of the server, within `seconds` for each step.

    Raises:
        OSError: no response. ProxyError: the proxy is at fault.
    """
    if proxy is None:
        sock = _connected(host, port, seconds)
        _tune(sock)
        return sock
    try:
        sock = _connected(proxy.endpoint.host, proxy.endpoint.port, seconds)
    except OSError as error:
        raise ProxyError(f"the proxy {proxy.url} cannot be reached: {_why(error)}") from None
    try:
        _tune(sock)
        if proxy.tls is not None:
            sock = proxy.tls.wrap_socket(sock, server_hostname=ascii_name(proxy.endpoint.host))
        through = _through(sock, host, port, proxy, time.monotonic() + seconds)
    except (OSError, socks.SocksError) as error:
        sock.close()
        raise ProxyError(f"the proxy {proxy.url} did not open the connection: {_why(error)}") from None
    except BaseException:
        sock.close()
        raise
    through.settimeout(seconds)
    return through


def _connected(host: str, port: int, seconds: float) -> socket.socket:
    name: Any = ascii_name(host)  # typeshed knows text only
    return socket.create_connection((name, port), seconds)


def _through(sock: socket.socket, host: str, port: int, proxy: Proxy, deadline: float) -> socket.socket:
    step = _Step(sock, deadline)
    if proxy.endpoint.scheme.startswith("socks"):
        socks.request_connection(host, port, proxy.endpoint.login, step.send, step.exactly)
    else:
        _ask_http(host, port, proxy.endpoint.login, step)
    if isinstance(sock, ssl.SSLSocket):
        from kubectl_dshell.kube.net.tls_in_tls import wrap_inner_plain

        return wrap_inner_plain(sock)
    return sock


def authorization(login: Login | None) -> dict[str, str]:
    """The Proxy-Authorization header, if there is a login."""
    if login is None:
        return {}
    return {"Proxy-Authorization": "Basic " + base64.b64encode(login.pair.reveal().encode()).decode()}


def _ask_http(host: str, port: int, login: Login | None, step: _Step) -> None:
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}", f"User-Agent: kubectl-dshell/{__version__}"]
    lines += [f"{name}: {value}" for name, value in authorization(login).items()]
    step.send("\r\n".join([*lines, "", ""]).encode())
    head = b""
    # Byte by byte: everything after the blank line comes from the server.
    while not head.endswith(b"\r\n\r\n"):
        head += step.exactly(1)
        if len(head) > _LARGEST_HEAD:
            raise socks.SocksError("its response does not end")
    status = head.split(b"\r\n", 1)[0]
    if status.split()[1:2] != [b"%d" % HTTPStatus.OK]:
        raise socks.SocksError(f"it returned {status[:200].decode(errors='replace')}")


class _Step:
    """Reads and writes before a deadline."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline

    def send(self, data: bytes) -> None:
        self._sock.settimeout(_left(self._deadline))
        self._sock.sendall(data)

    def exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            self._sock.settimeout(_left(self._deadline))
            piece = self._sock.recv(count - len(data))
            if not piece:
                raise ConnectionError("it closed the connection")
            data += piece
        return data


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no response in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or error}"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _tune(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE:
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
