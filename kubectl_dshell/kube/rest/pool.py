"""Persistent connections to an API server, through its proxy if there is one."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from kubectl_dshell.kube.net.connect import Proxy, authorization, open_connection
from kubectl_dshell.kube.net.deadline import CONNECT_SECONDS

if TYPE_CHECKING:
    import socket

    from kubectl_dshell.kube.connection.connection import Connection


def pool(connection: Connection) -> urllib3.PoolManager:
    options: dict[str, Any] = {"maxsize": 64, "block": False}
    if connection.tls is not None:
        options["ssl_context"] = connection.tls
        if connection.tls.verify_mode is ssl.CERT_NONE:
            # The user asked for it; a Python warning on the terminal does not help.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        if connection.tls_server_name:
            options["server_hostname"] = connection.tls_server_name
    proxy = connection.proxy
    if proxy is None:
        return _Renewed(connection, **options)
    if connection.tls is None and proxy.endpoint.scheme in ("http", "https"):
        # Proxies rarely allow CONNECT to a plain-HTTP server; they forward requests instead.
        headers = authorization(proxy.endpoint.login)
        return urllib3.ProxyManager(proxy.url, proxy_headers=headers, proxy_ssl_context=proxy.tls, **options)
    manager = _Renewed(connection, **options)
    manager.pool_classes_by_scheme = _through(proxy)
    return manager


class _Renewed(urllib3.PoolManager):
    """Drops its connections when a client certificate was renewed, since they authenticated with the old one."""

    def __init__(self, connection: Connection, **options: Any) -> None:
        super().__init__(**options)
        self._connection = connection
        self._certificates = connection.certificates

    def urlopen(self, *args: Any, **options: Any) -> urllib3.BaseHTTPResponse:
        if self._certificates != self._connection.certificates:
            self._certificates = self._connection.certificates
            self.clear()
        return super().urlopen(*args, **options)


def _through(proxy: Proxy) -> dict[str, Any]:
    """Connection pools that use `open_connection`; TLS to the server is still done by urllib3."""

    def connected(own: HTTPConnection) -> socket.socket:
        seconds = own.timeout if isinstance(own.timeout, int | float) else CONNECT_SECONDS
        try:
            return open_connection(own.host, own.port, proxy, seconds)
        except TimeoutError as error:
            raise ConnectTimeoutError(own, "no response in time") from error
        except OSError as error:
            raise NewConnectionError(own, str(error)) from error

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return connected(self)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return connected(self)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}
