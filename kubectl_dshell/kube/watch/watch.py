"""A watch request, read so that silence is noticed without losing a partial line."""

from __future__ import annotations

import re
import select
import ssl
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from kubectl_dshell.errors import Malformed
from kubectl_dshell.kube.http.chunked import ChunkedBody
from kubectl_dshell.kube.rest import response as answers
from kubectl_dshell.kube.rest.retry import TransientConnectionError
from kubectl_dshell.kube.rest.unreachable import unreachable
from kubectl_dshell.kube.rest.untrusted_json import at, parse_json, text_at
from kubectl_dshell.kube.watch.skim import may_be_debugged

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from kubectl_dshell.kube.rest.api import Api
    from kubectl_dshell.kube.rest.pool import OpenResponse

TICK = 0.5
_GATHER_SECONDS = 0.1
"""Among thousands of pods one changes all the time: it is cheaper to take several events at once."""
_ANSWER_SECONDS = 30.0
_PIECE = 65536
LARGEST_EVENT = 16 * 1024 * 1024
"""Bytes of a line: ten times etcd's limit for an object."""
_POD = re.compile(
    rb'\{"type":"(ADDED|MODIFIED|DELETED)","object":\{"kind":"Pod","apiVersion":"v1","metadata":\{"name":"[^"\\]*"'
    rb'(?:,"(?:generateName|namespace|uid)":"[^"\\]*")*,"resourceVersion":"(\d{1,40})"'
)
"""The beginning of an event as the API server writes it: what follows cannot change the meaning of this."""


def watch(
    api: Api, path: str, query: list[tuple[str, str]], deadline: float, *, debugged: bool = False
) -> Iterator[tuple[str, dict[str, Any]] | None]:
    """(type, object) of each event, None about every TICK seconds without one, until the server ends the watch.

    With `debugged` events are a tenth of a second late, and pods without ephemeral containers reduced to a version.

    Ends at the monotonic `deadline`; the timeout sent to the server is slightly longer, in case this process is gone.

    Raises:
        ApiError: an ERROR event (410: the resourceVersion is too old), or the request was refused.
        ConnectionLost: the connection broke.
    """
    seconds = max(1, int(deadline - time.monotonic()) + 5)
    full = [*query, ("watch", "1"), ("timeoutSeconds", str(seconds))]
    response = api.open(path, full, read_seconds=_ANSWER_SECONDS)
    lines = bytearray()
    gather = partial(api.sleep, _GATHER_SECONDS) if debugged else _go_on
    try:
        for piece in pieces(response, deadline, gather):
            if piece is None:
                yield None
                continue
            whole, newline, last = piece.rpartition(b"\n")
            if newline:
                lines += whole
                for line in bytes(lines).split(b"\n"):
                    yield (debugged and _skimmed(line)) or _event(line, path)
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


def _go_on() -> None: ...


def pieces(response: OpenResponse, deadline: float, gather: Callable[[], None] = _go_on) -> Iterator[bytes | None]:
    """The body as it arrives, None for each TICK without data, until its end or the deadline."""
    sock, early = response.hand_over()
    if response.complete:
        return
    sock.settimeout(0)
    chunks = ChunkedBody() if response.chunked else None
    for data in _arriving(sock, early, deadline, gather):
        if data is None or chunks is None:
            yield data
            continue
        piece = chunks.feed(data)
        if piece:
            yield piece
        if chunks.ended:
            return


def _arriving(sock: socket.socket, early: bytes, deadline: float, gather: Callable[[], None]) -> Iterator[bytes | None]:
    if early:
        yield early
    poll = select.poll()  # select() fails above descriptor 1023
    poll.register(sock, select.POLLIN)
    while (left := deadline - time.monotonic()) > 0:
        try:
            data = sock.recv(_PIECE)
        except (BlockingIOError, ssl.SSLWantReadError):
            if poll.poll(min(TICK, left) * 1000):
                gather()
            else:
                yield None
            continue
        if not data:
            return
        yield data


def _check_size(line: bytearray) -> None:
    if len(line) > LARGEST_EVENT:
        raise Malformed(f"an event of more than {LARGEST_EVENT >> 20} MiB")


def _skimmed(line: bytes) -> tuple[str, dict[str, Any]] | None:
    """The event of a pod that has no ephemeral containers; None for any other."""
    found = None if may_be_debugged(line) else _POD.match(line)
    return found and (found[1].decode(), {"metadata": {"resourceVersion": found[2].decode()}})


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
