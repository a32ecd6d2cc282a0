"""Checks whether the cluster would let an exec through, in parallel with the first requests, before a pod is changed.

An exec in a container that does not exist passes through what a real one passes through (authentication, RBAC and
admission), and is refused only then (400), before anything is run. The answer is the same if a proxy drops the Upgrade
header, so a watch is requested as a WebSocket as well: the API server upgrades it (101), unless the header never
arrived (200).
"""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from kubectl_dshell.errors import ApiError, ContainerNotRunning, DshellError, Forbidden, Unavailable
from kubectl_dshell.kube.exec.dial import dial
from kubectl_dshell.kube.exec.handshake import upgrade_head
from kubectl_dshell.kube.exec.upgrade import NO_WEBSOCKET, ask_upgrade, refusal
from kubectl_dshell.kube.http.errors import HttpError
from kubectl_dshell.kube.net.deadline import Task
from kubectl_dshell.kube.refusals import EXEC, ApiRequest, translate_api_error
from kubectl_dshell.kube.rest.api import USER_AGENT
from kubectl_dshell.streaming import interruptible

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from kubectl_dshell.kube.connection.connection import Connection
    from kubectl_dshell.kube.exec.spares import Spares
    from kubectl_dshell.kube.rest.request_trace import RequestTrace
    from kubectl_dshell.kube.rest.response import HttpResponse

    T = TypeVar("T")

EXEC_SECONDS = 15.0
"""For the exec: an admission webhook may take 10 s, by default."""
WATCH_SECONDS = 3.0
"""For the watch, which ends after one second: a proxy that buffers its answer has passed it on by then."""
_PASSING = (HTTPStatus.TOO_MANY_REQUESTS, *(code for code in HTTPStatus if code >= HTTPStatus.INTERNAL_SERVER_ERROR))
"""Statuses from a proxy that may be temporary."""
_API_SERVERS = "audit-id"
"""A header of every response of the API server. Without it, a gateway answered, which may treat an exec differently."""
_PASSED = "is not valid for pod"  # registry/core/pod `validateContainer`


class ExecCheck:
    """A check by two requests, each in a thread of its own. It passes unless an answer is a definite refusal."""

    def __init__(
        self,
        connection: Connection,
        namespace: str,
        pod: str,
        resource: str,
        *,
        trace: RequestTrace,
        spares: Spares,
    ) -> None:
        """`resource` is an exec in `pod`, in a container that does not exist.

        `spares` gets the connection if nothing was refused.

        Raises:
            BadConfig: no credentials could be obtained.
        """
        self._connection = connection
        self._exec_request = ApiRequest("create", EXEC, namespace, pod)
        self._resource = resource
        self._trace = trace
        self._spares = spares
        self._headers = connection.headers()  # in this thread: a credential plugin may ask the user
        self._certificates = connection.certificates
        self._began = time.monotonic()
        self._exec = self._begun_exec()
        self._watch = _begun(lambda: self._ask_watch(namespace, pod))

    def verdict(self) -> None:
        """Wait for the answers until EXEC_SECONDS and WATCH_SECONDS after the beginning.

        Raises:
            PermissionDenied, Forbidden: RBAC, or an admission policy.
            Unavailable: no WebSocket gets through, or an admission webhook fails.
        """
        answer = self._outcome(self._exec, EXEC_SECONDS)
        if answer is not None and answer.status == HTTPStatus.UNAUTHORIZED:
            answer = self._asked_again()
        if answer is not None and (refused := self._refused(answer)) is not None:
            raise refused
        self.upgraded()

    def upgraded(self) -> bool:
        """Whether a request for a WebSocket was answered with one; False: no answer shows it.

        Raises:
            Unavailable: the answer was that to another request.
        """
        watch = self._outcome(self._watch, WATCH_SECONDS)
        if watch is not None and watch.status == HTTPStatus.OK and _API_SERVERS in watch.headers:
            said = "returned 200 OK to a request for a WebSocket, as if it had not been one"
            raise Unavailable(f"cannot open a stream to the pod: {self._connection.server} {said}", NO_WEBSOCKET)
        return watch is not None and watch.status == HTTPStatus.SWITCHING_PROTOCOLS

    def _asked_again(self) -> HttpResponse | None:
        """The answer to the credentials that the other requests have obtained since theirs were rejected too."""
        headers = self._connection.headers()
        if (headers, self._connection.certificates) == (self._headers, self._certificates):
            return None
        self._headers, self._began = headers, time.monotonic()
        return self._outcome(self._begun_exec(), EXEC_SECONDS)

    def _begun_exec(self) -> Task[HttpResponse] | None:
        self._spares.expect()
        task = _begun(self._ask_exec)
        if task is None:
            self._spares.settle()
        return task

    def _ask_exec(self) -> HttpResponse:
        wait, certificates = self._limit(EXEC_SECONDS), self._connection.certificates
        try:
            sock, upgraded = ask_upgrade(self._connection, self._resource, self._headers, self._trace, wait)
            if upgraded.reusable and _passed(upgraded.answer):
                self._spares.keep(sock, certificates)
            else:
                sock.close()
        finally:
            self._spares.settle()
        return upgraded.answer

    def _ask_watch(self, namespace: str, pod: str) -> HttpResponse:
        query = {"watch": 1, "fieldSelector": f"metadata.name={pod}", "resourceVersion": 0, "timeoutSeconds": 1}
        path = f"/api/v1/namespaces/{quote(namespace, safe='')}/pods?{urlencode(query)}"
        url, wait, said = self._connection.server + path, self._limit(WATCH_SECONDS), "no response"
        began = time.monotonic()
        try:
            with dial(self._connection, wait) as sock:
                head = upgrade_head(sock, url, [("User-Agent", USER_AGENT), *self._headers], wait)
            said = f"{head.status} {head.reason}".strip()
        finally:
            self._trace.answered("GET", url, said, time.monotonic() - began)
        return head

    def _limit(self, seconds: float) -> float:
        return min(seconds, self._connection.timeout or seconds)

    def _outcome(self, task: Task[T] | None, seconds: float) -> T | None:
        """None if the task failed, or did not finish in time."""
        if task is None:
            return None
        interruptible.wait(task.ready, self._began + self._limit(seconds) - time.monotonic())
        try:
            return task.result() if task.settle() else None
        except (DshellError, OSError, HttpError):
            return None

    def _refused(self, answer: HttpResponse) -> DshellError | None:
        """The refusal that a real exec would get as well; None if that is not certain."""
        if _passed(answer):
            return None
        error = refusal(answer, self._connection, f"GET {self._resource.partition('?')[0]}")
        if isinstance(error, ApiError):
            explained = translate_api_error(error, self._exec_request)
            is_final = isinstance(explained, Forbidden | Unavailable) and not isinstance(explained, ContainerNotRunning)
            return explained if is_final else None
        return error if isinstance(error, Unavailable) and answer.status not in _PASSING else None


def _passed(answer: HttpResponse) -> bool:
    """Whether nothing but the missing container was in the way."""
    return answer.status == HTTPStatus.BAD_REQUEST and _PASSED.encode() in answer.body


def _begun(work: Callable[[], T]) -> Task[T] | None:
    task = Task(work)
    try:
        task.start()
    except RuntimeError:  # no more threads
        return None
    return task
