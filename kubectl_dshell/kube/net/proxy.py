"""Choice of the proxy for the API server, by the rules of kubectl (Go's `httpproxy`)."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from kubectl_dshell.kube.net.endpoint import Endpoint, endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    host = server.host.rstrip(".")
    address = _address(host)
    if host == "localhost" or (address is not None and address.is_loopback):
        return True
    return any(_matches(rule.strip().lower(), host, server.port, address) for rule in no_proxy.split(","))


def _matches(rule: str, host: str, port: int, address: ipaddress.IPv4Address | ipaddress.IPv6Address | None) -> bool:
    if not rule:
        return False
    if rule == "*":
        return True
    try:
        network = ipaddress.ip_network(rule, strict=False)
    except ValueError:
        name, separator, number = rule.rpartition(":")
        if separator and number.isdigit():
            if int(number) != port:
                return False
            rule = name.strip("[]")
        domain = rule.lstrip("*").lstrip(".")
        return host.endswith(f".{domain}") or (host == domain and rule == domain)
    return address is not None and address in network


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
