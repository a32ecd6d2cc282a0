"""The request that upgrades a connection to a WebSocket (RFC 6455, 4.1), and its response.

The response is bounded in size and time, so that endless lines or a slow trickle of bytes cannot block the client.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import ssl
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from kubectl_dshell.kube.http.errors import HttpError
from kubectl_dshell.kube.http.head import request_head
from kubectl_dshell.kube.http.response import Response
from kubectl_dshell.kube.rest.response import HttpResponse

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

LARGEST_REFUSAL = 1024 * 1024
"""Bytes of the body of a response that refuses the upgrade."""
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Upgraded(NamedTuple):
    """The response; if it is 101, also the chosen protocol and any frames received with it."""

    answer: HttpResponse
    protocol: str = ""
    early: bytes = b""
    reusable: bool = False
    """Whether the connection may carry another request, after a refusal."""


class Unanswered(ConnectionError):
    """The connection ended before the first byte of a response."""


def shake_hands(
    sock: socket.socket, url: str, protocols: Sequence[str], headers: Sequence[tuple[str, str]], seconds: float
) -> Upgraded:
    """Request an upgrade of `url` over `sock` and read the response, within `seconds` in total.

    Raises:
        OSError: the connection broke (Unanswered: before a response) or timed out (TimeoutError).
        HttpError: the response is not HTTP, or not that of a WebSocket server.
    """
    key = _key()
    sock.settimeout(seconds)
    words = _request(url, key, [("Sec-WebSocket-Protocol", ",".join(protocols)), *headers])
    response = _response(sock, words, seconds)
    found = response.headers
    parts = urlsplit(url)
    where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    if response.status != HTTPStatus.SWITCHING_PROTOCOLS:
        # Following a redirect would send the credentials to another server.
        body = response.read(LARGEST_REFUSAL)
        return Upgraded(HttpResponse(response.status, response.reason, found, body, where), reusable=response.reusable)
    proof = base64.b64encode(hashlib.sha1(f"{key}{_GUID}".encode(), usedforsecurity=False).digest()).decode()
    if not hmac.compare_digest(found.get("sec-websocket-accept", "").encode(), proof.encode()):
        raise HttpError("it switched to another protocol")
    protocol = found.get("sec-websocket-protocol", "")
    if protocol not in protocols:
        raise HttpError("it chose none of the subprotocols offered")
    return Upgraded(
        HttpResponse(HTTPStatus.SWITCHING_PROTOCOLS, response.reason, found, url=where),
        protocol,
        response.hand_over(),  # frames that came with it
    )


def upgrade_head(sock: socket.socket, url: str, headers: Sequence[tuple[str, str]], seconds: float) -> HttpResponse:
    """The response to a request for an upgrade of `url` without a subprotocol; its body is not read.

    Raises:
        OSError, HttpError: as `shake_hands` does.
    """
    parts = urlsplit(url)
    sock.settimeout(seconds)
    # The API server's watch answers 403 without an Origin (golang.org/x/net/websocket, `checkOrigin`).
    origin = ("Origin", f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}")
    response = _response(sock, _request(url, _key(), [origin, *headers]), seconds)
    return HttpResponse(response.status, response.reason, response.headers)


def _response(sock: socket.socket, words: bytes, seconds: float) -> Response:
    """The response to `words`, read up to its body."""
    # Frames follow the response. Reading byte by byte consumes none of them. Over TLS every byte would cost a call into
    # OpenSSL, and data in the same record as the response is decrypted with it anyway.
    response = Response(sock, seconds) if isinstance(sock, ssl.SSLSocket) else Response(sock, seconds, ahead=1)
    try:
        sock.sendall(words)
        response.begin()
    except (ConnectionError, ssl.SSLEOFError) as error:
        if not response.heard:
            raise Unanswered from error
        raise
    return response


def _key() -> str:
    return base64.b64encode(os.urandom(16)).decode()


def _request(url: str, key: str, headers: Sequence[tuple[str, str]]) -> bytes:
    parts = urlsplit(url)
    upgrade = [
        ("Host", parts.netloc.rpartition("@")[2]),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", key),
        ("Sec-WebSocket-Version", "13"),
    ]
    return request_head("GET", f"{parts.path}?{parts.query}", [*upgrade, *headers])
