"""A separate TCP or TLS connection to the API server for a stream, through the proxy if there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kubectl_dshell.kube.net.connect import open_connection
from kubectl_dshell.kube.net.deadline import CONNECT_SECONDS, connect_timeout
from kubectl_dshell.kube.net.endpoint import DEFAULT_PORTS, ascii_name
from kubectl_dshell.kube.rest.unreachable import unreachable

if TYPE_CHECKING:
    import socket

    from kubectl_dshell.kube.connection.connection import Connection


def dial(connection: Connection, seconds: float = CONNECT_SECONDS) -> socket.socket:
    """A connected, blocking socket, within `seconds`; with TLS for https servers.

    Raises:
        ConnectionLost: no response. BadConfig: the server is not trusted, or rejected the handshake.
    """
    server = urlsplit(connection.server)
    host, port = server.hostname or "", server.port or DEFAULT_PORTS[server.scheme]
    seconds = connect_timeout(min(seconds, connection.timeout or seconds))
    sock: socket.socket | None = None
    try:
        sock = open_connection(host, port, connection.proxy, seconds)
        if connection.tls is not None:
            name = connection.tls_server_name or host
            sock = connection.tls.wrap_socket(sock, server_hostname=ascii_name(name))
    except OSError as error:
        if sock is not None:
            sock.close()
        raise unreachable(connection, error) from error
    return sock
