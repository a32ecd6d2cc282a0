"""Kept-alive connections to one API server, through its proxy where it has one."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import urllib3

if TYPE_CHECKING:
    from kubectl_dshell.kube.connection import Connection


def pool(connection: Connection) -> urllib3.PoolManager:
    options: dict[str, Any] = {"maxsize": 64, "block": False}
    if connection.tls is not None:
        options["ssl_context"] = connection.tls
        if connection.tls.verify_mode is ssl.CERT_NONE:
            # It was asked for; a Python warning on the terminal helps nobody.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        if connection.tls_server_name:
            options["server_hostname"] = connection.tls_server_name
    if not connection.proxy_url:
        return urllib3.PoolManager(**options)
    headers = urllib3.make_headers(proxy_basic_auth=proxy_login(connection.proxy_url))
    return urllib3.ProxyManager(connection.proxy_url, proxy_headers=headers, **options)


def proxy_login(proxy_url: str) -> str | None:
    """The login in a proxy's URL as user:password, or None."""
    parts = urlsplit(proxy_url)
    if parts.username is None:
        return None
    from urllib.parse import unquote

    return f"{unquote(parts.username)}:{unquote(parts.password or '')}"
