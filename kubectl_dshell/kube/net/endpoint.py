"""URLs of servers and proxies: parsed and validated once, and never shown with credentials."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from kubectl_dshell.errors import BadConfig
from kubectl_dshell.kube.kubeconfig.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_LOGIN = re.compile(r"^([^/?#]*://)?.*@", re.DOTALL)
_LONGEST_LABEL = 63
_HOST = re.compile(r"[^\s\x00-\x20\x7f/?#@\\%]+")


class Login(NamedTuple):
    """A user name and a password."""

    name: Secret
    password: Secret

    @property
    def pair(self) -> Secret:
        """name:password, as in basic authentication."""
        return Secret(f"{self.name.reveal()}:{self.password.reveal()}")


class Endpoint(NamedTuple):
    """The address of a server or proxy."""

    scheme: str
    host: str
    """Without brackets."""
    port: int
    path: str = ""
    """Percent-encoded, without a trailing slash."""
    login: Login | None = None
    own_port: bool = False
    """Whether the URL includes the port."""

    @property
    def authority(self) -> str:
        """host or host:port, as in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.own_port else host

    @property
    def url(self) -> str:
        """The URL without credentials."""
        return f"{self.scheme}://{self.authority}{self.path}"


def shown(url: str) -> str:
    """`url` for display: without everything before the last @, since a password may contain any character."""
    return _LOGIN.sub(lambda found: found[1] or "", url, count=1)


def host_name(text: str) -> str:
    """A name or address in the form that sockets and TLS accept.

    Raises:
        ValueError: it is invalid, e.g. a label is empty or too long.
    """
    name = text if text.isascii() else text.encode("idna").decode()
    labels = [] if ":" in name else name.split(".")
    # U+2024 becomes a dot.
    if name.startswith(".") or not all(labels[:-1]) or any(len(label) > _LONGEST_LABEL for label in labels):
        raise ValueError("label empty or too long")
    return name


def ascii_name(name: str) -> bytes:
    """A `host_name` for sockets and TLS: of text they make bytes with a codec whose import takes 1.3 ms."""
    return name.encode("ascii")


def endpoint(url: str, what: str, schemes: Iterable[str]) -> Endpoint:
    """`url` parsed; `what` is its origin, e.g. "$HTTPS_PROXY".

    Raises:
        BadConfig: not a URL of one of `schemes`, without a host, or with an invalid port.
    """
    try:
        parts = urlsplit(url)
        host, port = host_name(parts.hostname or ""), parts.port
    except ValueError as error:
        raise BadConfig(f"{what} is {shown(url)}, which is not a valid URL: {_why(error)}") from error
    wanted = tuple(schemes)
    if parts.scheme not in wanted or not _HOST.fullmatch(host):
        *most, last = (f"{scheme}://" for scheme in wanted)
        raise BadConfig(f"{what} is {shown(url)}, which is not an {', '.join(most)} or {last} URL")
    if "@" in f"{parts.path}{parts.query}{parts.fragment}":  # a password with / ? or # cuts the host short
        raise BadConfig(f"{what} is {shown(url)}, whose login is not percent-encoded")
    login = None
    if parts.username is not None:
        login = Login(Secret(unquote(parts.username)), Secret(unquote(parts.password or "")))
    path = quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~", errors="surrogateescape")
    return Endpoint(parts.scheme, host, port or DEFAULT_PORTS[parts.scheme], path, login, own_port=bool(port))


def _why(error: ValueError) -> str:
    """The reason, without quoting the URL."""
    text = str(error)
    if "ort" in text:  # "Port out of range 0-65535", "Port could not be cast to integer value as '...'"
        return "its port is not a number from 1 to 65535"
    return (
        "its IPv6 address must be in brackets"
        if "IPv6" in text or "address" in text
        else "its host is not a valid name"
    )
