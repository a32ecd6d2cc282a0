"""The upgrade of a pods/exec request to a stream."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from kubectl_dshell.domain.text.bounds import one_line
from kubectl_dshell.errors import BadConfig, DshellError, Unavailable
from kubectl_dshell.kube.exec import channel
from kubectl_dshell.kube.exec.dial import dial
from kubectl_dshell.kube.exec.handshake import Unanswered, Upgraded, shake_hands
from kubectl_dshell.kube.exec.stream import ExecStream
from kubectl_dshell.kube.http.errors import HttpError
from kubectl_dshell.kube.net.deadline import run_with_deadline
from kubectl_dshell.kube.refusals import EXEC, ApiRequest, translated
from kubectl_dshell.kube.rest.api import ANSWER_SECONDS, USER_AGENT
from kubectl_dshell.kube.rest.failure import failure, renews_credentials
from kubectl_dshell.kube.rest.request_trace import SILENT, RequestTrace
from kubectl_dshell.kube.rest.retry import TransientConnectionError, with_retries
from kubectl_dshell.kube.rest.unreachable import unreachable

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

    from kubectl_dshell.kube.connection.connection import Connection
    from kubectl_dshell.kube.exec.spares import Spares
    from kubectl_dshell.kube.rest.response import HttpResponse

_NEVER_OF_A_STREAM = frozenset(
    {
        HTTPStatus.FORBIDDEN,
        HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
        HTTPStatus.UPGRADE_REQUIRED,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
"""Refusals by proxies; an API server would send a metav1.Status, and a kubelet never uses these."""
NO_WEBSOCKET = (
    "Something between this machine and the API server lets no WebSocket through; a reverse proxy must forward the "
    "Upgrade and Connection headers."
)
_KUBECTL_PROXY = "If it is kubectl proxy: it rejects exec unless it is started with --reject-paths='^$'."
_NO_UPGRADE = ("Upgrade request required", "unable to upgrade")
"""What the API server and the kubelet say to an exec without the header."""
_PROTOCOLS = (channel.V5, channel.V4)


def open_exec(  # noqa: PLR0913  # an exec has that many parameters
    connection: Connection,
    namespace: str,
    pod: str,
    container: str,
    argv: Sequence[str],
    *,
    stdin: bool,
    tty: bool,
    trace: RequestTrace = SILENT,
    half_close: bool | None = None,
    seconds: float | None = None,
    sleep: Callable[[float], None] = time.sleep,
    spares: Spares | None = None,
) -> ExecStream:
    """Run `argv` in a container; the stream is open when this returns.

    `half_close` says whether the end of stdin must reach the command (default: if stdin is piped); `seconds` limits
    the handshake (default: as for a request).

    Raises:
        ContainerNotRunning: not yet, or no longer. PodNotFound, Forbidden, ApiError: another refusal of the API server
            or the kubelet. BadConfig: credentials or TLS. ConnectionLost: no response.
        Unavailable: WebSockets are blocked, or the server is too old.
    """
    resource = exec_resource(namespace, pod, container, argv, stdin=stdin, tty=tty)
    wait = min(seconds or ANSWER_SECONDS, connection.timeout or ANSWER_SECONDS)
    with translated(ApiRequest("create", EXEC, namespace, pod)):
        sock, protocol, early = _handshake(connection, resource, trace, wait, sleep, spares)
    if protocol != channel.V5 and (stdin and not tty if half_close is None else half_close):
        sock.close()
        instead = " Here a terminal works, and a command without input: -I" if half_close is None else ""
        raise Unavailable(
            f"the API server only supports {protocol}, which cannot signal the end of piped input",
            f"Piped input needs {channel.V5} (Kubernetes 1.30, unless the feature gate "
            f"TranslateStreamCloseWebsocketRequests is off).{instead}",
        )
    return ExecStream(sock, protocol, now=time.monotonic(), early=early, others=connection.heard)


def exec_resource(namespace: str, pod: str, container: str, argv: Sequence[str], *, stdin: bool, tty: bool) -> str:
    """The path and query of an exec."""
    flags = (("stdin", stdin), ("stdout", True), ("stderr", not tty), ("tty", tty))
    query = [("container", container), *(("command", word) for word in argv)]
    query += [(name, "true") for name, wanted in flags if wanted]
    path = f"/api/v1/namespaces/{quote(namespace, safe='')}/pods/{quote(pod, safe='')}/exec"
    return f"{path}?{urlencode(query)}"


def _handshake(
    connection: Connection,
    resource: str,
    trace: RequestTrace,
    wait: float,
    sleep: Callable[[float], None],
    spares: Spares | None,
) -> tuple[socket.socket, str, bytes]:
    opened: list[tuple[socket.socket, Upgraded]] = []

    def attempt() -> HttpResponse:
        sock, upgraded = _upgrade(connection, resource, trace, wait, spares)
        if upgraded.protocol:
            opened.append((sock, upgraded))
        else:
            sock.close()
        return upgraded.answer

    deadline = time.monotonic() + wait
    answer = with_retries(attempt, method="GET", idempotent=False, deadline=deadline, sleep=sleep)
    if renews_credentials(answer.status, connection):
        answer = with_retries(attempt, method="GET", idempotent=False, deadline=deadline, sleep=sleep)
    if not opened:
        raise refusal(answer, connection, f"GET {resource.partition('?')[0]}")
    sock, upgraded = opened[0]
    return sock, upgraded.protocol, upgraded.early


def _upgrade(
    connection: Connection, resource: str, trace: RequestTrace, wait: float, spares: Spares | None
) -> tuple[socket.socket, Upgraded]:
    headers = connection.headers()
    if spares is not None and (spare := spares.take()) is not None:
        try:
            return ask_upgrade(connection, resource, headers, trace, wait, spare)
        except TransientConnectionError as lost:
            if not isinstance(lost.__cause__, Unanswered):
                raise
            # The server closed it while it was idle, and never read the request.
    return ask_upgrade(connection, resource, headers, trace, wait)


def ask_upgrade(
    connection: Connection,
    resource: str,
    headers: Sequence[tuple[str, str]],
    trace: RequestTrace,
    wait: float,
    sock: socket.socket | None = None,
) -> tuple[socket.socket, Upgraded]:
    """The response to one request for an exec, over `sock` or a new connection, which is then the caller's.

    Raises:
        BadConfig, ConnectionLost, Unavailable: there is none; the connection is closed.
    """
    url, until, began, said = connection.server + resource, time.monotonic() + wait, time.monotonic(), "no response"
    try:
        if sock is None:
            sock = run_with_deadline(wait, lambda: dial(connection, wait), too_late=lambda late: late.close())
        upgraded = shake_hands(
            sock, url, _PROTOCOLS, [("User-Agent", USER_AGENT), *headers], max(0.01, until - time.monotonic())
        )
    except BaseException as error:
        if sock is not None:
            sock.close()
        if isinstance(error, OSError | HttpError):
            raise _no_stream(connection, error, sock) from error
        raise
    else:
        said = f"{upgraded.answer.status} {upgraded.answer.reason}".strip()
    finally:
        trace.answered("GET", url, said, time.monotonic() - began)
    trace.body("Response", upgraded.answer.body)
    return sock, upgraded


def refusal(answer: HttpResponse, connection: Connection, request: str) -> DshellError:
    """A refusal by its source: the API server and kubelet give a reason, a proxy in between blocks all streams."""
    error = failure(answer, connection, request)
    status = b'"Status"' in answer.body
    no_upgrade = answer.status == HTTPStatus.BAD_REQUEST and error.message.startswith(_NO_UPGRADE)
    if isinstance(error, BadConfig) or (status and not no_upgrade):
        return error
    if answer.ok or answer.is_page or answer.status in _NEVER_OF_A_STREAM or no_upgrade:
        why = f"{answer.url} returned {answer.status} {one_line(answer.reason, 40)}".strip()
        text = error.message if answer.is_page else f"{why} ({one_line(error.message)})"
        return Unavailable(f"cannot open a stream to the pod: {text}", *_way_out(answer))
    return error


def _way_out(answer: HttpResponse) -> list[str]:
    like_kubectl_proxy = answer.status == HTTPStatus.FORBIDDEN and answer.body.strip() == b"Forbidden"
    return [_KUBECTL_PROXY, NO_WEBSOCKET] if like_kubectl_proxy else [NO_WEBSOCKET]


def _no_stream(connection: Connection, error: BaseException, sock: socket.socket | None) -> DshellError:
    if sock is not None and isinstance(error, TimeoutError):
        why = f"{connection.server} did not respond to the WebSocket handshake"
    elif isinstance(error, HttpError):
        why = f"{connection.server} did not open a WebSocket: {one_line(str(error))}"
    else:
        return unreachable(connection, error)
    return Unavailable(f"cannot open a stream to the pod: {why}", NO_WEBSOCKET)
