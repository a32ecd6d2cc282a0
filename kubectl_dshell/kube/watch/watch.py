"""A watch request, read so that silence is noticed without losing a partial line."""

from __future__ import annotations

import select
import ssl
import time
from typing import TYPE_CHECKING, Any

from kubectl_dshell.errors import Malformed
from kubectl_dshell.kube.rest import response as answers
from kubectl_dshell.kube.rest.retry import TransientConnectionError
from kubectl_dshell.kube.rest.unreachable import unreachable
from kubectl_dshell.kube.rest.untrusted_json import at, parse_json, text_at
from kubectl_dshell.kube.watch.chunked import ChunkedBody

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    import urllib3

    from kubectl_dshell.kube.rest.api import Api

TICK = 0.5
_ANSWER_SECONDS = 30.0
_PIECE = 65536
LARGEST_EVENT = 16 * 1024 * 1024
"""Bytes of a line: ten times etcd's limit for an object."""


def watch(
    api: Api, path: str, query: list[tuple[str, str]], deadline: float
) -> Iterator[tuple[str, dict[str, Any]] | None]:
    """(type, object) of each event, None about every TICK seconds without one, until the server ends the watch.

    Ends at the monotonic `deadline`; the timeout sent to the server is slightly longer, in case this process is gone.

    Raises:
        ApiError: an ERROR event (410: the resourceVersion is too old), or the request was refused.
        ConnectionLost: the connection broke.
    """
    seconds = max(1, int(deadline - time.monotonic()) + 5)
    full = [*query, ("watch", "1"), ("timeoutSeconds", str(seconds))]
    response = api.open(path, full, read_seconds=_ANSWER_SECONDS)
    lines = bytearray()
    try:
        for piece in _pieces(response, deadline):
            if piece is None:
                yield None
                continue
            whole, newline, last = piece.rpartition(b"\n")
            if newline:
                lines += whole
                for line in bytes(lines).split(b"\n"):
                    yield _event(line, path)
                lines.clear()
            lines += last
            _check_size(lines)
    except OSError as error:
        raise unreachable(api.connection, error) from error
    except Malformed as error:
        raise TransientConnectionError(
            f"the watch response of {api.connection.server} is malformed: {error.message}"
        ) from error
    finally:
        # The connection cannot be reused before the body is complete.
        response.close()


def _pieces(response: urllib3.BaseHTTPResponse, deadline: float) -> Iterator[bytes | None]:
    """The body as it arrives, None for each TICK without data, until its end or the deadline."""
    # Reads of urllib3 and http.client wait for whole chunks, and cannot be resumed after a timeout. Therefore their
    # buffer is drained once, and then the socket is read directly.
    buffered: Any = response._fp.fp  # type: ignore[attr-defined]  # noqa: SLF001  # see above
    if buffered is None:
        return
    buffered.raw.unbind()
    sock: socket.socket = buffered.raw.sock
    sock.settimeout(0)
    chunks = ChunkedBody() if response.headers.get("Transfer-Encoding", "").lower() == "chunked" else None
    for data in _arriving(sock, buffered, deadline):
        if data is None or chunks is None:
            yield data
            continue
        piece = chunks.feed(data)
        if piece:
            yield piece
        if chunks.ended:
            return


def _arriving(sock: socket.socket, buffered: Any, deadline: float) -> Iterator[bytes | None]:
    try:
        if data := buffered.peek():
            yield data
    except (BlockingIOError, ssl.SSLWantReadError):
        pass
    while (left := deadline - time.monotonic()) > 0:
        try:
            data = sock.recv(_PIECE)
        except (BlockingIOError, ssl.SSLWantReadError):
            poll = select.poll()  # select() fails above descriptor 1023
            poll.register(sock, select.POLLIN)
            if not poll.poll(min(TICK, left) * 1000):
                yield None
            continue
        if not data:
            return
        yield data


def _check_size(line: bytearray) -> None:
    if len(line) > LARGEST_EVENT:
        raise Malformed(f"an event of more than {LARGEST_EVENT >> 20} MiB")


def _event(line: bytes, path: str) -> tuple[str, dict[str, Any]] | None:
    if not line.strip():
        return None
    event = parse_json(line)
    kind, subject = text_at(event, "type"), at(event, "object")
    if kind == "ERROR":
        raise answers.status_error(subject, request=f"WATCH {path}")
    if not kind or not text_at(subject, "metadata", "resourceVersion"):
        raise Malformed(f"not an event: {bytes(line[:80]).decode(errors='replace')!r}")
    return kind, subject
