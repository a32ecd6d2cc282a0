"""The exception tree, grouped by what the user can do about a failure, with the exit status of each group.

DshellError
 +- UsageError             64  the command line is invalid
 +- NotFound               66  no such pod or container, or none that can be joined
 |   +- PodNotFound             the pod does not exist, or was deleted
 +- Unavailable            69  the debug container did not start, or ended during the session
 |   +- NameTaken               another debug container in the pod has the name
 |   +- PodTooLarge             the pod has no room for another debug container
 |   +- NoImageVolumes          the cluster cannot give a copy of a pod its tools
 |   +- ContainerNotRunning     the container has not started yet, or has ended
 |   +- TooManyOpenFiles        this process has reached its limit of open files
 |   +- TooManyThreads          ... or of threads
 |   +- Truncated               the output of one of our own commands is incomplete
 |   +- DryRunUnsupported       an admission webhook does not take part in dry runs
 +- Malformed              69  data from a cluster, a pod or a program in it is malformed
 +- OutputFailed           74  output cannot be written
 +- TimedOut               75  a deadline passed
 +- ConnectionLost         76  the API server, or a stream through it, is gone
 +- Forbidden              77  denied by RBAC, admission or the kernel
 |   +- PermissionDenied        denied by RBAC, with the user, verb and resource
 +- BadConfig              78  kubeconfig, credentials, or the configuration file
 +- ApiError                *  an API server response without a more specific class
     +- NotAnApiServer     69  the response does not come from a Kubernetes API server
Interrupted             128+n  stopped by a signal (not a DshellError: nothing failed)
"""

from __future__ import annotations

import errno
from enum import IntEnum
from http import HTTPStatus

_NO_THREAD = "can't start new thread"  # CPython's message; the error has no errno


class ExitStatus(IntEnum):
    """Our own exit codes (sysexits.h); the exit code of a remote command is passed through unchanged."""

    OK = 0
    USAGE = 64
    NOT_FOUND = 66
    UNAVAILABLE = 69
    BUG = 70
    OUTPUT = 74
    TIMEOUT = 75
    CONNECTION_LOST = 76
    FORBIDDEN = 77
    CONFIG = 78
    INTERRUPTED = 130
    CLOSED_PIPE = 141


EXIT_STATUS_MEANING: dict[ExitStatus, str] = {
    ExitStatus.USAGE: "the command line is invalid",
    ExitStatus.NOT_FOUND: "no such pod or container, or it is not running",
    ExitStatus.UNAVAILABLE: "the debug container did not start or ended early, or a response cannot be parsed",
    ExitStatus.BUG: "a bug in kubectl dshell",
    ExitStatus.OUTPUT: "output cannot be written (a closed pipe: 141, without a message)",
    ExitStatus.TIMEOUT: "timed out",
    ExitStatus.CONNECTION_LOST: "the connection to the cluster was lost, or interrupted for longer than 50 s",
    ExitStatus.FORBIDDEN: "forbidden by RBAC, admission or the kernel",
    ExitStatus.CONFIG: "the kubeconfig, the credentials or config.toml are invalid",
    ExitStatus.INTERRUPTED: "Ctrl-C (other signals: 128 + number)",
}


class DshellError(Exception):
    """One sentence on what happened and, optionally, one line per suggested next step."""

    status = ExitStatus.BUG
    aftermath = ""
    """One sentence on what this run has added to the pod, if the message leaves that open."""

    def __init__(self, message: str, *advice: str) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    @property
    def remarks(self) -> tuple[str, ...]:
        """The lines after the message."""
        return (self.aftermath, *self.advice) if self.aftermath else self.advice


class UsageError(DshellError):
    status = ExitStatus.USAGE


class NotFound(DshellError):
    status = ExitStatus.NOT_FOUND


class PodNotFound(NotFound):
    """The namespace has no such pod, or no longer has it."""


class Unavailable(DshellError):
    status = ExitStatus.UNAVAILABLE


class NameTaken(Unavailable):
    """Another debug container in the pod already has the chosen name; entries can never be changed."""


class PodTooLarge(Unavailable):
    """With another entry the pod would be larger than the cluster stores; the message of a refusal is the cluster's."""


class NoImageVolumes(Unavailable):
    """The cluster does not know the volume by which a copy of a pod gets its shell and tools."""

    def __init__(self) -> None:
        super().__init__(
            "this cluster has no image volumes, by which a copy of a pod gets its shell and tools",
            "They need Kubernetes 1.35, or 1.33 with the feature gate ImageVolume; and containerd 2.1 or CRI-O 1.33.",
        )


class ContainerNotRunning(Unavailable):
    """The container has not started yet, or has ended; the message is the node's."""


class TooManyOpenFiles(Unavailable):
    """This process has reached its limit of open files."""

    def __init__(self) -> None:
        super().__init__(
            "too many open files: this process has reached its limit (ulimit -n)",
            "Raise the limit: ulimit -n 1024; or work on fewer pods at a time: --concurrency 1",
        )


class TooManyThreads(Unavailable):
    """This process cannot start another thread."""

    def __init__(self) -> None:
        super().__init__(
            "cannot start another thread: the limit of this user or container is reached (ulimit -u, pids.max)",
            "Raise the limit: ulimit -u 4096; or work on fewer pods at a time: --concurrency 1",
        )


def shortage(error: BaseException) -> Unavailable | None:
    """The exhausted resource of this process if `error` reports one, else None."""
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return TooManyOpenFiles()
    if isinstance(error, RuntimeError) and str(error) == _NO_THREAD:
        return TooManyThreads()
    return None


class Truncated(Unavailable):
    """The output of one of our own commands ended early; its exit code may give the reason."""


class DryRunUnsupported(Unavailable):
    """An admission webhook does not take part in dry runs, so the API server answers none."""


class Malformed(DshellError):
    """Data from the other side is malformed: the only error that its parsers raise."""

    status = ExitStatus.UNAVAILABLE


class OutputFailed(DshellError):
    status = ExitStatus.OUTPUT


class TimedOut(DshellError):
    status = ExitStatus.TIMEOUT


class ConnectionLost(DshellError):
    status = ExitStatus.CONNECTION_LOST


class Forbidden(DshellError):
    status = ExitStatus.FORBIDDEN


class PermissionDenied(Forbidden):
    """RBAC denies it to `user` (empty if the server does not name them); a namespace of None means all namespaces."""

    def __init__(self, user: str, verb: str, resource: str, namespace: str | None, *advice: str) -> None:
        where = f"in namespace {namespace}" if namespace else "in all namespaces (cluster-wide)"
        self.right = f"{verb} {resource}"
        self.action = f"{self.right} {where}"
        super().__init__(f"{user or 'the current user'} may not {self.action}", *advice)


class BadConfig(DshellError):
    status = ExitStatus.CONFIG


class ApiError(DshellError):
    """A response of the API server other than 2xx (a metav1.Status, or plain text from the kubelet)."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        causes: tuple[str, ...] = (),
        request: str = "",
        following: str = "",
    ) -> None:
        """`code` is the HTTP status, `reason` and `message` come from the metav1.Status, `request` is "VERB path".

        `following` is the continue token of a list that expired between two pages (410 Gone).
        """
        super().__init__(message or reason or f"the API server returned {code} without a message")
        self.code = code
        self.reason = reason
        self.causes = causes
        self.request = request
        self.following = following

    @property
    def status(self) -> ExitStatus:  # type: ignore[override]  # the tree's only computed one
        match self.code:
            case HTTPStatus.FORBIDDEN:
                return ExitStatus.FORBIDDEN
            case HTTPStatus.NOT_FOUND:
                return ExitStatus.NOT_FOUND
            case _:
                return ExitStatus.UNAVAILABLE

    @property
    def is_transient(self) -> bool:
        """Whether a retry may succeed: too many requests, or an error of the server itself."""
        return self.code == HTTPStatus.TOO_MANY_REQUESTS or self.code >= HTTPStatus.INTERNAL_SERVER_ERROR


class NotAnApiServer(ApiError):
    """The response comes from something else, such as a proxy or a login page.

    `code` is its HTTP status if that status is transient (5xx), else 0: its 403 or 404 does not
    mean what it would from an API server.
    """

    @property
    def status(self) -> ExitStatus:  # type: ignore[override]  # as ApiError's
        return ExitStatus.UNAVAILABLE


class Interrupted(BaseException):
    """SIGINT, SIGTERM, SIGHUP or SIGQUIT arrived; a BaseException, so that no error handler swallows it."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal_number = signal_number
