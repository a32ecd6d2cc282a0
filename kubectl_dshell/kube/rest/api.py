"""Requests to the API server: JSON in, JSON out, failures as our own exceptions."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode

from kubectl_dshell import __version__
from kubectl_dshell.kube.http.errors import HttpError
from kubectl_dshell.kube.http.response import LARGEST_BODY
from kubectl_dshell.kube.net.deadline import connect_timeout, run_with_deadline
from kubectl_dshell.kube.rest.body import read_body
from kubectl_dshell.kube.rest.failure import failure, renews_credentials
from kubectl_dshell.kube.rest.pool import OpenResponse, Pool
from kubectl_dshell.kube.rest.request_trace import SILENT, RequestTrace
from kubectl_dshell.kube.rest.response import HttpResponse, is_success
from kubectl_dshell.kube.rest.retry import with_retries
from kubectl_dshell.kube.rest.server_time import ServerTime
from kubectl_dshell.kube.rest.unreachable import unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeAlias

    from kubectl_dshell.kube.connection.connection import Connection

    Query: TypeAlias = Sequence[tuple[str, str]]

TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1"
"""The form of lists that kubectl prints: a few words for each object."""
USER_AGENT = f"kubectl-dshell/{__version__}"
ANSWER_SECONDS = 60.0
"""For one response, from name resolution to the last byte of the body."""
LARGEST_OBJECT = 16 * 1024 * 1024
"""Bytes of a response that is parsed as a whole: ten times etcd's limit for an object."""


class Api:
    """Client for an API server over persistent connections; thread-safe."""

    def __init__(
        self,
        connection: Connection,
        trace: RequestTrace = SILENT,
        *,
        on_warning: Callable[[str], None] = lambda _text: None,
        sleep: Callable[[float], None] = time.sleep,
        accept: str = "application/json",
    ) -> None:
        """`on_warning` receives the text of each Warning header; `accept` is the form of the responses."""
        self.connection = connection
        self.sleep = sleep
        self.trace = trace
        self._on_warning = on_warning
        self._accept = accept
        self._pool = Pool(connection)
        self.time = ServerTime()

    def get(self, path: str, query: Query = (), *, deadline: float | None = None) -> dict[str, Any]:
        """The object or list at `path`."""
        return self.request("GET", path, query, deadline=deadline)

    def read(self, path: str, query: Query = (), *, largest: int = LARGEST_BODY) -> HttpResponse:
        """The raw response for `path`, up to `largest` bytes, for callers that need little of a large list."""
        return self._answer("GET", path, query, limit=largest)

    def post(self, path: str, body: object) -> dict[str, Any]:
        """Create an object or review; retried only if the server says that it did nothing."""
        return self.request("POST", path, body=body, idempotent=False)

    def patch(self, path: str, body: object, query: Query = ()) -> dict[str, Any]:
        """Send a strategic merge patch, which must be safe to send twice."""
        kind = "application/strategic-merge-patch+json"
        return self.request("PATCH", path, query, body=body, content_type=kind)

    def request(
        self,
        method: str,
        path: str,
        query: Query = (),
        *,
        body: object = None,
        content_type: str = "application/json",
        idempotent: bool = True,
        deadline: float | None = None,
    ) -> dict[str, Any]:
        """Send a request, retried by the policy of `retry` but not past the monotonic `deadline`.

        Raises:
            ApiError: the server refused the request. BadConfig: it rejected the credentials, or is not trusted.
            ConnectionLost: no response.
        """
        content = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        return self._answer(method, path, query, content, content_type, idempotent=idempotent, deadline=deadline).json()

    def _answer(  # noqa: PLR0913  # a request has that many parameters
        self,
        method: str,
        path: str,
        query: Query,
        content: bytes | None = None,
        content_type: str = "",
        *,
        idempotent: bool = True,
        deadline: float | None = None,
        limit: int = LARGEST_OBJECT,
    ) -> HttpResponse:
        got = with_retries(
            lambda: self._attempt(method, path, query, content, content_type, limit),
            method=method,
            idempotent=idempotent,
            deadline=deadline,
            sleep=self.sleep,
        )
        if renews_credentials(got.status, self.connection):
            self._pool.clear()
            got = self._attempt(method, path, query, content, content_type, limit)
        if not got.ok:
            raise failure(got, self.connection, f"{method} {path}")
        return got

    def open(
        self, path: str, query: Query, *, read_seconds: float, encoding: Literal["identity", "gzip"] = "identity"
    ) -> OpenResponse:
        """A response whose body has not been read yet (a watch, a long list).

        Raises:
            ApiError, BadConfig, ConnectionLost: as `request` does.
        """
        response = self._opened(path, query, read_seconds, encoding)
        if renews_credentials(response.status, self.connection):
            response.close()
            self._pool.clear()
            response = self._opened(path, query, read_seconds, encoding)
        if not is_success(response.status) or "html" in response.headers.get("content-type", "").lower():
            try:
                answer = run_with_deadline(read_seconds, lambda: self._whole(response, path, LARGEST_OBJECT))
            except (OSError, HttpError) as error:
                raise unreachable(self.connection, error) from error
            raise failure(answer, self.connection, f"GET {path}")
        return response

    def _opened(self, path: str, query: Query, read_seconds: float, encoding: str) -> OpenResponse:
        with self._spoken("GET", path, query) as note:
            send = self._prepared("GET", path, query, None, "", read_seconds, encoding)
            response = run_with_deadline(read_seconds, send, too_late=lambda late: late.close())
            note(f"{response.status} {response.reason}".strip())
        return response

    def _attempt(
        self, method: str, path: str, query: Query, content: bytes | None, content_type: str, limit: int
    ) -> HttpResponse:
        self.trace.body("Request", content or b"")
        with self._spoken(method, path, query) as note:
            seconds = self.connection.timeout or ANSWER_SECONDS
            send = self._prepared(method, path, query, content, content_type, seconds, self.connection.encoding)
            answer = run_with_deadline(seconds, lambda: self._whole(send(), path, limit))
            note(f"{answer.status} {answer.reason}".strip())
        self.trace.body("Response", answer.body)
        self.time.note(answer.headers.get("date", ""))
        for text in answer.warnings():
            self._on_warning(text)
        return answer

    def _prepared(
        self,
        method: str,
        path: str,
        query: Query,
        content: bytes | None,
        content_type: str,
        seconds: float,
        encoding: str,
    ) -> Callable[[], OpenResponse]:
        """A function that sends the request; credentials are obtained now, not when it is called."""
        headers = [("Accept", self._accept), ("User-Agent", USER_AGENT), ("Accept-Encoding", encoding)]
        headers += self.connection.headers()
        if content is not None:
            headers.append(("Content-Type", content_type))
        return lambda: self._pool.request(
            method,
            _resource(path, query),
            headers,
            content,
            connect_seconds=connect_timeout(seconds),
            seconds=seconds,
        )

    @contextmanager
    def _spoken(self, method: str, path: str, query: Query) -> Iterator[Callable[[str], None]]:
        """Trace the request and translate exceptions of sockets and HTTP."""
        began = time.monotonic()
        said = ["no response"]
        try:
            yield lambda status: said.__setitem__(0, status)
        except (OSError, HttpError) as error:
            raise unreachable(self.connection, error) from error
        finally:
            self.trace.answered(method, self._url(path, query), said[0], time.monotonic() - began)

    def _whole(self, response: OpenResponse, path: str, limit: int) -> HttpResponse:
        body = read_body(response, limit)
        return HttpResponse(response.status, response.reason, response.headers, body, self._url(path, ()))

    def _url(self, path: str, query: Query) -> str:
        return self.connection.server + _resource(path, query)


def _resource(path: str, query: Query) -> str:
    return path + (f"?{urlencode(query)}" if query else "")
