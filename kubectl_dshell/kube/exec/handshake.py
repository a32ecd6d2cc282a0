"""The request that upgrades a connection to a WebSocket (RFC 6455, 4.1), and its response.

The response is bounded in size and time, so that endless lines or a slow trickle of bytes cannot block the client.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import secrets
import ssl
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kubectl_dshell.kube.rest.bounded import Response
from kubectl_dshell.kube.rest.response import HttpResponse

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

LARGEST_REFUSAL = 1024 * 1024
"""Bytes of the body of a response that refuses the upgrade."""
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclass(frozen=True, slots=True)
class Upgraded:
    """The response; if it is 101, also the chosen protocol and any frames received with it."""

    answer: HttpResponse
    protocol: str = ""
    early: bytes = b""


def shake_hands(
    sock: socket.socket, url: str, protocols: Sequence[str], headers: Sequence[tuple[str, str]], seconds: float
) -> Upgraded:
    """Request an upgrade of `url` over `sock` and read the response, within `seconds` in total.

    Raises:
        OSError: the connection broke or timed out (TimeoutError).
        http.client.HTTPException: the response is not HTTP, or not that of a WebSocket server.
    """
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    sock.settimeout(seconds)
    sock.sendall(_request(url, key, protocols, headers))
    # Frames follow the response. Reading byte by byte consumes none of them. Over TLS every byte would cost a call into
    # OpenSSL, and data in the same record as the response is decrypted with it anyway.
    secured = isinstance(sock, ssl.SSLSocket)
    response = (Response if secured else _Careful)(sock, method="GET")
    response.begin()
    found = {name.lower(): value for name, value in response.headers.items()}
    parts = urlsplit(url)
    where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    if response.status != HTTPStatus.SWITCHING_PROTOCOLS:
        # Following a redirect would send the credentials to another server.
        body = response.read(LARGEST_REFUSAL)
        return Upgraded(HttpResponse(response.status, response.reason, found, body, where))
    proof = base64.b64encode(hashlib.sha1(f"{key}{_GUID}".encode(), usedforsecurity=False).digest()).decode()
    if not hmac.compare_digest(found.get("sec-websocket-accept", "").encode(), proof.encode()):
        raise http.client.HTTPException("it switched to another protocol")
    protocol = found.get("sec-websocket-protocol", "")
    if protocol not in protocols:
        raise http.client.HTTPException("it chose none of the subprotocols offered")
    return Upgraded(
        HttpResponse(HTTPStatus.SWITCHING_PROTOCOLS, response.reason, found, url=where),
        protocol,
        _early(response) if secured else b"",
    )


def _request(url: str, key: str, protocols: Sequence[str], headers: Sequence[tuple[str, str]]) -> bytes:
    parts = urlsplit(url)
    lines = [
        f"GET {parts.path}?{parts.query} HTTP/1.1",
        f"Host: {parts.netloc.rpartition('@')[2]}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Protocol: {','.join(protocols)}",
        *(f"{name}: {value}" for name, value in headers),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


class _Careful(Response):
    AHEAD = 1


def _early(response: Response) -> bytes:
    buffered: Any = response.fp
    buffered.raw.seal()
    return bytes(buffered.peek())
