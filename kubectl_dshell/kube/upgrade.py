"""The handshake that turns a request for pods/exec into a stream."""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from kubectl_dshell.errors import StartFailed
from kubectl_dshell.kube import answer as answers
from kubectl_dshell.kube import channel
from kubectl_dshell.kube.answer import Answer
from kubectl_dshell.kube.api import ANSWER_SECONDS, USER_AGENT, unreachable
from kubectl_dshell.kube.dial import dial
from kubectl_dshell.kube.retry import persistently
from kubectl_dshell.kube.stream import ExecStream
from kubectl_dshell.kube.trace import SILENT, Trace

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    from kubectl_dshell.kube.connection import Connection

_UNAUTHORIZED = 401
_SWITCHED = Answer(101)
_TLS_RECORD = 16 * 1024


def open_exec(  # noqa: PLR0913  # an exec is that many facts
    connection: Connection,
    namespace: str,
    pod: str,
    container: str,
    argv: Sequence[str],
    *,
    stdin: bool,
    tty: bool,
    trace: Trace = SILENT,
    half_close: bool | None = None,
    seconds: float | None = None,
) -> ExecStream:
    """Run `argv` in a container; the stream is open when this returns.

    `half_close` says whether the end of stdin has to reach the command (by default: piped stdin); `seconds` is for
    the handshake (by default: as for a request).

    Raises:
        ApiError: the server, or the kubelet behind it, says no. BadConfig: credentials or TLS.
        ConnectionLost: no answer. StartFailed: the server is too old for what is asked.
    """
    flags = (("stdin", stdin), ("stdout", True), ("stderr", not tty), ("tty", tty))
    query = [("container", container), *(("command", word) for word in argv)]
    query += [(name, "true") for name, wanted in flags if wanted]
    path = f"/api/v1/namespaces/{quote(namespace, safe='')}/pods/{quote(pod, safe='')}/exec"
    wait = min(seconds or ANSWER_SECONDS, connection.timeout or ANSWER_SECONDS)
    sock, protocol, early = _handshake(connection, f"{path}?{urlencode(query)}", trace, wait)
    if protocol != channel.V5 and (stdin and not tty if half_close is None else half_close):
        sock.close()
        raise StartFailed(
            f"the API server only speaks {protocol}, in which piped input cannot end",
            "Kubernetes 1.30 or newer is needed for piped input; a terminal works here.",
        )
    return ExecStream(sock, protocol, now=time.monotonic(), early=early)


def _handshake(connection: Connection, resource: str, trace: Trace, wait: float) -> tuple[socket.socket, str, bytes]:
    opened: list[tuple[socket.socket, str, bytes]] = []

    def attempt() -> Answer:
        try:
            opened.append(_upgrade(connection, resource, trace, wait))
        except _Refused as refused:
            return refused.answer
        return _SWITCHED

    deadline = time.monotonic() + wait
    answer = persistently(attempt, method="GET", idempotent=False, deadline=deadline)
    if answer.status == _UNAUTHORIZED and connection.renew():
        answer = persistently(attempt, method="GET", idempotent=False, deadline=deadline)
    if not opened:
        raise answers.failure(answer, connection, f"GET {resource.partition('?')[0]}")
    return opened[0]


def _upgrade(connection: Connection, resource: str, trace: Trace, wait: float) -> tuple[socket.socket, str, bytes]:
    import websocket

    headers = [("User-Agent", USER_AGENT), *connection.headers()]
    began, said = time.monotonic(), "no answer"
    sock = dial(connection, wait)
    buffered = _Buffered(sock)
    try:
        sock.settimeout(wait)
        web_socket = websocket.create_connection(
            "ws" + connection.server.removeprefix("http") + resource,
            socket=buffered,
            subprotocols=[channel.V5, channel.V4],
            header=[f"{name}: {value}" for name, value in headers],
            suppress_origin=True,
            # Following one would hand our credentials to another server.
            redirect_limit=0,
        )
        said = "101 Switching Protocols"
    except websocket.WebSocketBadStatusException as error:
        said = f"{error.status_code} {error.status_message or ''}".strip()
        body = error.resp_body or b""
        heads = {name.lower(): value for name, value in (error.resp_headers or {}).items()}
        raise _Refused(Answer(error.status_code, error.status_message or "", heads, body)) from error
    except (websocket.WebSocketTimeoutException, websocket.WebSocketConnectionClosedException, OSError) as error:
        raise unreachable(connection, error) from error
    except websocket.WebSocketException as error:
        raise StartFailed(
            f"{connection.server} does not open a WebSocket for exec: {error}",
            "Something between here and the API server may not let WebSockets through.",
        ) from error
    finally:
        trace.answered("GET", connection.server + resource, said, time.monotonic() - began)
        if said != "101 Switching Protocols":
            sock.close()
    return sock, web_socket.getsubprotocol(), buffered.early


class _Buffered:
    """A socket for a library that reads the answer a byte at a time, each of which would cost a call into TLS."""

    def __init__(self, sock: socket.socket) -> None:
        self.early = b""
        """What was read and not taken: in the end the frames that shared a TLS record with the answer, if any."""
        self._sock = sock
        self._ahead = _TLS_RECORD if isinstance(sock, ssl.SSLSocket) else 1

    def recv(self, size: int) -> bytes:
        data = self.early or self._sock.recv(max(size, self._ahead))
        self.early = data[size:]
        return data[:size]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class _Refused(Exception):  # an answer, not yet an error
    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer
