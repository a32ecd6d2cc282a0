"""Which HTTP proxy leads to the API server, by the rules of kubectl (Go's `httpproxy`)."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kubectl_dshell.errors import BadConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEFAULT_PORTS = {"http": 80, "https": 443}


def proxy_for(server: str, configured: str, environ: Mapping[str, str]) -> str | None:
    """The proxy's URL, or None for a direct connection; `configured` is the cluster's proxy-url.

    A configured proxy is always used. $HTTPS_PROXY and $HTTP_PROXY are not for this machine itself, nor for
    what $NO_PROXY lists.

    Raises:
        BadConfig: the proxy is of a kind we cannot speak to.
    """
    if configured:
        return _checked(configured, "the cluster's proxy-url")
    scheme = urlsplit(server).scheme
    for name in (f"{scheme}_proxy".upper(), f"{scheme}_proxy"):
        if environ.get(name):
            break
    else:
        return None
    if _goes_direct(server, environ.get("NO_PROXY") or environ.get("no_proxy") or ""):
        return None
    value = environ[name]
    return _checked(value if "://" in value else f"http://{value}", f"${name}")


def _checked(url: str, origin: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        shown = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        raise BadConfig(
            f"{origin} is {shown}: only http:// proxies are supported",
            "Use an HTTP proxy, or reach the cluster directly (kubectl config set-cluster NAME --proxy-url=).",
        )
    return url


def _goes_direct(server: str, no_proxy: str) -> bool:
    parts = urlsplit(server)
    host = (parts.hostname or "").rstrip(".")
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
    address = _address(host)
    if host == "localhost" or (address is not None and address.is_loopback):
        return True
    return any(_matches(rule.strip().lower(), host, port, address) for rule in no_proxy.split(","))


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
