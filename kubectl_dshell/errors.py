"""Every failure the program knows, grouped by what the user can do about it, and the exit status of each.

DshellError
 +- UsageError        64  the command line is wrong
 +- NotFound          66  no such pod or container, or none that can be joined
 +- Unavailable       69  the debug container did not start, or ended under us
 |   +- TooManyOpenFiles  our own process may not open more files
 |   +- TooManyThreads      ... or begin no more threads
 |   +- Truncated          what a command of ours wrote is not whole
 +- Malformed         69  what a cluster, a pod or a program in it said cannot be understood
 +- OutputFailed      74  our own output cannot be written
 +- TimedOut          75  a deadline passed
 +- ConnectionLost    76  the API server, or a stream through it, is gone
 +- Forbidden         77  RBAC, admission or the kernel says no
 +- BadConfig         78  kubeconfig or credentials
 +- ApiError           *  an answer of the API server nobody explained better
     +- NotAnApiServer 69  the answer is not one of a Kubernetes API server
Interrupted          128+n  a signal asked us to stop (not a DshellError: nothing failed)
"""

from __future__ import annotations

import errno
from enum import IntEnum

_NO_THREAD = "can't start new thread"  # CPython's own words; the error has no number


class ExitStatus(IntEnum):
    """Exit codes of our own (sysexits.h); a remote command's code passes through untouched."""

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
    ExitStatus.USAGE: "the command line is wrong",
    ExitStatus.NOT_FOUND: "no such pod or container, or it is not running",
    ExitStatus.UNAVAILABLE: "the debug container did not start, was ended from outside, or an answer is not understood",
    ExitStatus.BUG: "a bug in kubectl dshell",
    ExitStatus.OUTPUT: "our own output cannot be written (a closed pipe ends quietly: 141)",
    ExitStatus.TIMEOUT: "--timeout passed",
    ExitStatus.CONNECTION_LOST: "the connection to the cluster is lost, or was for longer than 50 s",
    ExitStatus.FORBIDDEN: "forbidden by RBAC, admission or the kernel",
    ExitStatus.CONFIG: "kubeconfig or credentials are wrong",
    ExitStatus.INTERRUPTED: "Ctrl-C (143 SIGTERM, 129 SIGHUP)",
}


class DshellError(Exception):
    """What happened, in one sentence, and optionally what to do next, a line each."""

    status = ExitStatus.BUG

    def __init__(self, message: str, *advice: str) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


class UsageError(DshellError):
    status = ExitStatus.USAGE


class NotFound(DshellError):
    status = ExitStatus.NOT_FOUND


class Unavailable(DshellError):
    status = ExitStatus.UNAVAILABLE


class TooManyOpenFiles(Unavailable):
    """Our own process may not open more files."""

    def __init__(self) -> None:
        super().__init__(
            "too many open files: this process has reached its limit (ulimit -n)",
            "Raise the limit: ulimit -n 1024; or work on fewer pods at a time: --concurrency 1",
        )


class TooManyThreads(Unavailable):
    """Our own process may begin no more threads."""

    def __init__(self) -> None:
        super().__init__(
            "cannot start another thread: the limit of this user or container is reached (ulimit -u, pids.max)",
            "Raise the limit: ulimit -u 4096; or work on fewer pods at a time: --concurrency 1",
        )


def shortage(error: BaseException) -> Unavailable | None:
    """What our own process has run out of, if that is what the kernel says with `error`."""
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return TooManyOpenFiles()
    if isinstance(error, RuntimeError) and str(error) == _NO_THREAD:
        return TooManyThreads()
    return None


class Truncated(Unavailable):
    """What a command of ours wrote ended before its end; its exit code may say why."""


class Malformed(DshellError):
    """What the other side said is not of its form: the one failure of everything that parses it."""

    status = ExitStatus.UNAVAILABLE


class OutputFailed(DshellError):
    status = ExitStatus.OUTPUT


class TimedOut(DshellError):
    status = ExitStatus.TIMEOUT


class ConnectionLost(DshellError):
    status = ExitStatus.CONNECTION_LOST


class Forbidden(DshellError):
    status = ExitStatus.FORBIDDEN


class BadConfig(DshellError):
    status = ExitStatus.CONFIG


class ApiError(DshellError):
    """An answer of the API server that is not 2xx (a metav1.Status, or plain text from the kubelet)."""

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
        """`code` is the HTTP status, `reason` and `message` the Status' own, `request` "VERB path".

        `following` is the token that goes on with a list that grew too old between two pages (a 410).
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
            case 401:
                return ExitStatus.CONFIG
            case 403:
                return ExitStatus.FORBIDDEN
            case 404:
                return ExitStatus.NOT_FOUND
            case _:
                return ExitStatus.UNAVAILABLE


class NotAnApiServer(ApiError):
    """Something else answered: a proxy, a login page.

    `code` is its HTTP status if that says that it may pass (5xx), else 0: what 403 and 404 of an API server mean is
    not said here.
    """

    @property
    def status(self) -> ExitStatus:  # type: ignore[override]  # as ApiError's
        return ExitStatus.UNAVAILABLE


class Interrupted(BaseException):
    """SIGINT, SIGTERM or SIGHUP arrived; BaseException so that no handler of failures swallows it."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal_number = signal_number
