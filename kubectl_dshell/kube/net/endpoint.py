"""URLs of servers and proxies: taken apart and checked once, and never shown with the login in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from kubectl_dshell.errors import BadConfig
from kubectl_dshell.kube.kubeconfig.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_LOGIN = re.compile(r"^([^/?#]*://)?.*@", re.DOTALL)
_HOST = re.compile(r"[^\s\x00-\x20\x7f/?#@\\%]+")


@dataclass(frozen=True, slots=True)
class Login:
    """A user name and a password."""

    name: Secret
    password: Secret

    @property
    def pair(self) -> Secret:
        """name:password, as Basic has it."""
        return Secret(f"{self.name.reveal()}:{self.password.reveal()}")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where something listens."""

    scheme: str
    host: str
    """Without brackets."""
    port: int
    path: str = ""
    """Escaped, without a slash at the end."""
    login: Login | None = None
    own_port: bool = False
    """Whether the URL names the port."""

    @property
    def authority(self) -> str:
        """host or host:port, as URLs have it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.own_port else host

    @property
    def url(self) -> str:
        """Without the login."""
        return f"{self.scheme}://{self.authority}{self.path}"


def shown(url: str) -> str:
    """`url` as it may be shown: without what stands before the last @, for a password may hold any character."""
    return _LOGIN.sub(lambda found: found[1] or "", url, count=1)


def host_name(text: str) -> str:
    """A name or an address as sockets and TLS take it.

    Raises:
        ValueError: they would not; a label is empty or too long, say.
    """
    plain = text.isascii() and (":" in text or not text)
    name = text if plain else text.encode("idna").decode()
    if name.startswith("."):  # U+2024 becomes one
        raise ValueError("label empty or too long")
    return name


def endpoint(url: str, what: str, schemes: Iterable[str]) -> Endpoint:
    """`url` taken apart; `what` is its origin, e.g. "$HTTPS_PROXY".

    Raises:
        BadConfig: it is no URL of one of `schemes`, or has no host, or a port that is none.
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
    if "@" in f"{parts.path}{parts.query}{parts.fragment}":  # a password with / ? or # in it ends the host early
        raise BadConfig(f"{what} is {shown(url)}, whose login is not percent-encoded")
    login = None
    if parts.username is not None:
        login = Login(Secret(unquote(parts.username)), Secret(unquote(parts.password or "")))
    path = quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~", errors="surrogateescape")
    return Endpoint(parts.scheme, host, port or DEFAULT_PORTS[parts.scheme], path, login, own_port=bool(port))


def _why(error: ValueError) -> str:
    """The reason in words that do not quote the URL."""
    text = str(error)
    if "ort" in text:  # "Port out of range 0-65535", "Port could not be cast to integer value as '...'"
        return "its port is not a number from 1 to 65535"
    return (
        "its IPv6 address must be in brackets"
        if "IPv6" in text or "address" in text
        else "its host is not a valid name"
    )
