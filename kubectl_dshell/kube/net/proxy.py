"""Choice of the proxy for the API server, by the rules of kubectl (Go's `httpproxy`)."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from kubectl_dshell.kube.net.endpoint import Endpoint, endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

    _Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NETWORK = re.compile(r"[^/]+/[0-9]+")
_WITH_PORT = re.compile(r"(?:\[([^][]*)\]|([^][:]*)):([^][:]*)")
SCHEMES = ("http", "https", "socks5", "socks5h")


def proxy_for(server: Endpoint, configured: str, origin: str, environ: Mapping[str, str]) -> Endpoint | None:
    """The proxy, or None for a direct connection; `configured` is the cluster's proxy-url, `origin` its name.

    A configured proxy is always used. $HTTPS_PROXY and $HTTP_PROXY do not apply to the local host and to hosts listed
    in $NO_PROXY.

    Raises:
        BadConfig: the URL is invalid or its scheme is not supported.
    """
    if configured:
        return endpoint(configured, origin, SCHEMES)
    for name in (f"{server.scheme}_proxy".upper(), f"{server.scheme}_proxy"):
        if environ.get(name):
            break
    else:
        return None
    if _goes_direct(server, environ.get("NO_PROXY") or environ.get("no_proxy") or ""):
        return None
    value = environ[name]
    return endpoint(value if "://" in value else f"http://{value}", f"${name}", SCHEMES)


def _goes_direct(server: Endpoint, no_proxy: str) -> bool:
    address = _address(server.host)
    if server.host == "localhost" or (address is not None and address.is_loopback):
        return True
    return any(_matches(rule.strip().lower(), server.host, server.port, address) for rule in no_proxy.split(","))


def _matches(rule: str, host: str, port: int, address: _Address | None) -> bool:
    """As Go's `httpproxy`: *, a network, an address or a domain, the last two with or without a port."""
    if rule == "*":
        return True
    if _NETWORK.fullmatch(rule):
        try:
            return address is not None and address in ipaddress.ip_network(rule, strict=False)
        except ValueError:
            return False
    with_port = _WITH_PORT.fullmatch(rule)
    name = (with_port[1] or with_port[2] or "") if with_port else rule
    if not name or (with_port and with_port[3] not in ("", str(port))):
        return False
    if address is not None:  # no domain matches an address
        return _address(name) == address
    name = name[1:] if name.startswith("*.") else name
    return host.endswith(name if name.startswith(".") else f".{name}") or host == name


def _address(host: str) -> _Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
