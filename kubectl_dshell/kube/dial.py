"""A TCP or TLS connection to the API server for a stream of its own, through the proxy if there is one."""

from __future__ import annotations

import base64
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kubectl_dshell import __version__
from kubectl_dshell.kube.api import CONNECT_SECONDS, unreachable
from kubectl_dshell.kube.pool import proxy_login

if TYPE_CHECKING:
    from kubectl_dshell.kube.connection import Connection

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LARGEST_HEAD = 65536
# A dead peer is noticed while nothing is sent: after 30 s, then 3 probes 10 s apart.
_KEEPALIVE = (("TCP_KEEPIDLE", 30), ("TCP_KEEPALIVE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))


def dial(connection: Connection, seconds: float = CONNECT_SECONDS) -> socket.socket:
    """A connected, blocking socket, within `seconds`; a TLS one for https servers.

    Raises:
        ConnectionLost: nobody answers. BadConfig: the server is not trusted, or does not trust us.
    """
    server = urlsplit(connection.server)
    host, port = server.hostname or "", server.port or _DEFAULT_PORTS[server.scheme]
    seconds = min(CONNECT_SECONDS, seconds, connection.timeout or CONNECT_SECONDS)
    sock: socket.socket | None = None
    try:
        if connection.proxy_url:
            proxy = urlsplit(connection.proxy_url)
            sock = socket.create_connection((proxy.hostname or "", proxy.port or 80), seconds)
            _tunnel(sock, host, port, connection.proxy_url)
        else:
            sock = socket.create_connection((host, port), seconds)
        _tune(sock)
        if connection.tls is not None:
            name = connection.tls_server_name or host
            sock = connection.tls.wrap_socket(sock, server_hostname=name)
    except OSError as error:
        if sock is not None:
            sock.close()
        raise unreachable(connection, error) from error
    return sock


def _tune(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE:
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _tunnel(sock: socket.socket, host: str, port: int, proxy_url: str) -> None:
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}", f"User-Agent: kubectl-dshell/{__version__}"]
    login = proxy_login(proxy_url)
    if login is not None:
        lines.append("Proxy-Authorization: Basic " + base64.b64encode(login.encode()).decode())
    sock.sendall("\r\n".join([*lines, "", ""]).encode())
    head = b""
    # A byte at a time: what follows the blank line belongs to the server behind.
    while not head.endswith(b"\r\n\r\n"):
        byte = sock.recv(1)
        if not byte or len(head) > _LARGEST_HEAD:
            raise ConnectionError(f"the proxy ended the connection to {target}")
        head += byte
    status = head.split(b"\r\n", 1)[0].decode(errors="replace")
    if status.split()[1:2] != ["200"]:
        raise ConnectionError(f"the proxy refused to connect to {target}: {status}")
