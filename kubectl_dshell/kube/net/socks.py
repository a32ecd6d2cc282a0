"""SOCKS 5 client (RFC 1928, with the login of RFC 1929); the proxy resolves the name, as in Go."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_dshell.kube.net.endpoint import Login

_VERSION, _CONNECT = b"\x05", b"\x01"
_NO_LOGIN, _LOGIN, _NONE_FITS = 0, 2, 255
_IPV4, _NAME, _IPV6 = 1, 3, 4
_LONGEST = 255
_REPLIES = {
    1: "general failure",
    2: "its rules do not allow the connection",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "the time to live expired",
    7: "it does not support CONNECT",
    8: "it does not support this type of address",
}


class SocksError(Exception):
    """The proxy refused, or does not support SOCKS 5; the text says why."""


def request_connection(
    host: str, port: int, login: Login | None, send: Callable[[bytes], None], exactly: Callable[[int], bytes]
) -> None:
    """Make the proxy connect to `host`; afterwards the connection reaches that server.

    `exactly` reads the given number of bytes.

    Raises:
        SocksError: the proxy refused.
    """
    target = _address(host)
    methods = bytes([_NO_LOGIN, _LOGIN] if login else [_NO_LOGIN])
    send(_VERSION + bytes([len(methods)]) + methods)
    version, method = exactly(2)
    if version != _VERSION[0]:
        raise SocksError("it does not support SOCKS 5")
    if method == _LOGIN and login:
        _log_in(login, send, exactly)
    elif method != _NO_LOGIN:
        raise SocksError("it requires a login" if login is None else "it does not accept a user name and password")
    send(_VERSION + _CONNECT + b"\0" + target + port.to_bytes(2, "big"))
    version, reply, _, kind = exactly(4)
    if version != _VERSION[0]:
        raise SocksError("it does not support SOCKS 5")
    if reply:
        raise SocksError(_REPLIES.get(reply, f"reply {reply}"))
    length = {_IPV4: 4, _IPV6: 16}.get(kind)
    exactly((exactly(1)[0] if length is None else length) + 2)


def _log_in(login: Login, send: Callable[[bytes], None], exactly: Callable[[int], bytes]) -> None:
    name, password = login.name.reveal().encode(), login.password.reveal().encode()
    if not 0 < len(name) <= _LONGEST or not 0 < len(password) <= _LONGEST:
        raise SocksError("the user name and the password must have 1 to 255 bytes each")
    send(b"\x01" + bytes([len(name)]) + name + bytes([len(password)]) + password)
    if exactly(2)[1]:
        raise SocksError("it rejected the login")


def _address(host: str) -> bytes:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = host.encode()
        if len(name) > _LONGEST:
            raise SocksError("the server's name is too long for SOCKS 5") from None
        return bytes([_NAME, len(name)]) + name
    return bytes([_IPV4 if address.version == 4 else _IPV6]) + address.packed
