"""What kubelet and runtimes have said, word for word; only IDs and URLs are shortened.

Recorded in November 2026 on Debian 13 (kernel 6.12, cgroup v2, AppArmor) with Kubernetes 1.36.3, except where the versions
name another one.
"""

from __future__ import annotations

from typing import NamedTuple

from kubectl_dshell.domain.runtime.words import Says


class Line(NamedTuple):
    """`text` is what was said; `short`, what people are told of it."""

    by: str
    says: Says | None
    text: str
    short: str
    reason: str = ""
    """The kubelet's, for a container that waits."""


CONTAINERD_1, CONTAINERD_2 = "containerd 1.7.24 + runc 1.1.15", "containerd 2.2.1 + runc 1.4.3"
CRUN, CRIO_RUNC = "CRI-O 1.36.3 + crun 1.21", "CRI-O 1.36.3 + runc 1.4.3"
_EXEC = "Internal error occurred: Internal error occurred: error executing command in container: "
_LOOKUP = "lookup dshell.test on 10.0.2.3:53: no such host"
_HEAD = f'failed to do request: Head "URL": dial tcp: {_LOOKUP}'
_GET = f'dshell.test: Get "URL": dial tcp: {_LOOKUP}'
_ABSENT = "dshell.test/absent:1"
NOT_IN_PATH = 'exec: "sh": executable file not found in $PATH'

NO_SHELL = (
    Line(
        CONTAINERD_1,
        Says.NO_PROGRAM,
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
        f"unable to start container process: {NOT_IN_PATH}: unknown",
        NOT_IN_PATH,
        "RunContainerError",
    ),
    Line(
        CONTAINERD_2,
        Says.NO_PROGRAM,
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
        f"unable to start container process: error during container init: {NOT_IN_PATH}",
        NOT_IN_PATH,
        "RunContainerError",
    ),
    Line(
        CRUN,
        Says.NO_PROGRAM,
        "container create failed: executable file `sh` not found in $PATH: No such file or directory\n",
        "executable file `sh` not found in $PATH: No such file or directory",
        "CreateContainerError",
    ),
    Line(
        CRIO_RUNC,
        Says.NO_PROGRAM,
        'container create failed: time="2026-11-26T10:00:00Z" level=error msg="runc create failed: unable to start container '
        'process: error during container init: exec: \\"sh\\": executable file not found in $PATH"\n',
        NOT_IN_PATH,
        "CreateContainerError",
    ),
)
"""Of a debug container whose image has no `sh`."""
NO_PROGRAM_OF_AN_APP = (
    Line(
        CONTAINERD_2,
        Says.NO_PROGRAM,
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
        "unable to start container process: error during container init: "
        'exec: "/no/such": stat /no/such: no such file or directory',
        'exec: "/no/such": stat /no/such: no such file or directory',
        "StartError",
    ),
)
NO_SUCH_EXEC = tuple(
    Line(
        by,
        Says.NO_PROGRAM,
        _EXEC
        + 'failed to exec in container: failed to start exec "ID": OCI runtime exec failed: exec failed: unable to '
        f'start container process: exec: "nosuch": executable file not found in $PATH{end}',
        'exec: "nosuch": executable file not found in $PATH',
    )
    for by, end in ((CONTAINERD_2, ""), (CONTAINERD_1, ": unknown"))
)
"""Of an exec: the message of its status, which has no exit code."""
NO_SUCH_EXEC_OF_CRUN = Line(
    CRUN,
    Says.NO_PROGRAM,
    "executable file `nosuch` not found in $PATH: No such file or directory\n",
    "executable file `nosuch` not found in $PATH: No such file or directory",
)
"""On its stderr; its exit code is 255."""
FOUND_ENDED_BY_CRUN = Line(
    CRUN,
    Says.NOT_RUNNING,
    "the container `3f39fc2414ae6889c1cb6f82baa14fce2a4b28b617ed06a872b097fea68f52d6` is not running",
    "the container `3f39fc2414ae6889c1cb6f82baa14fce2a4b28b617ed06a872b097fea68f52d6` is not running",
)
"""All that an exec wrote to stderr whose container ended after CRI-O had looked."""
GONE = (
    Line(
        CONTAINERD_2,
        Says.NOT_RUNNING,
        _EXEC + 'failed to exec in container: failed to create exec "ID": ttrpc: closed',
        "ttrpc: closed",
    ),
    Line(
        CONTAINERD_1,
        Says.NOT_RUNNING,
        _EXEC + 'failed to exec in container: failed to create exec "ID": task ID not found: not found',
        "task ID not found: not found",
    ),
    Line(
        CONTAINERD_1,
        Says.NOT_RUNNING,
        _EXEC + "failed to exec in container: failed to load task: no running task found: task ID not found: not found",
        "failed to load task: no running task found: task ID not found: not found",
    ),
    Line(
        CRUN,
        Says.NOT_RUNNING,
        _EXEC
        + "rpc error: code = NotFound desc = container is not created or running: checking if PID of ID is running "
        "failed: container process not found",
        "container is not created or running: checking if PID of ID is running failed: container process not found",
    ),
    Line(
        "kubelet 1.36.3",
        Says.NOT_RUNNING,
        'unable to upgrade connection: container not found ("app")',
        'unable to upgrade connection: container not found ("app")',
    ),
    Line(
        "kubelet 1.30.14",
        Says.NOT_RUNNING,
        'Internal error occurred: unable to upgrade connection: container not found ("app")',
        'unable to upgrade connection: container not found ("app")',
    ),
)
"""Of an exec in a container that ended a moment ago; the kubelet's also where it has not started."""
NOT_PULLED = tuple(
    Line(by, None, f"{before}{text}", _LOOKUP, reason)
    for by, text in (
        (
            CONTAINERD_2,
            f'failed to pull and unpack image "{_ABSENT}": failed to resolve image: {_HEAD}',
        ),
        (
            CONTAINERD_1,
            f'failed to pull and unpack image "{_ABSENT}": failed to resolve reference "{_ABSENT}": {_HEAD}',
        ),
        (
            CRUN,
            f"unable to pull image: initializing source docker://{_ABSENT}: pinging container registry {_GET}",
        ),
    )
    for reason, before in (
        ("ErrImagePull", ""),
        ("ImagePullBackOff", 'Back-off pulling image "dshell.test/absent:1": ErrImagePull: '),
    )
)
NEVER_ROOT = Line(
    "kubelet 1.36.3",
    Says.NEVER_ROOT,
    "container has runAsNonRoot and image has non-numeric user (nonroot), cannot verify user is non-root "
    '(pod: "badcfg_default(UID)", container: app)',
    "container has runAsNonRoot and image has non-numeric user (nonroot), cannot verify user is non-root "
    '(pod: "badcfg_default(UID)", container: app)',
    "CreateContainerConfigError",
)
NO_APPARMOR = Line(
    "containerd 2.2.1, node without AppArmor",
    Says.NOT_SUPPORTED,
    "failed to get container spec opts: failed to generate apparmor spec opts: apparmor is not supported",
    "failed to get container spec opts: failed to generate apparmor spec opts: apparmor is not supported",
    "CreateContainerError",
)
ALL = (
    *(*NO_SHELL, *NO_PROGRAM_OF_AN_APP, *NO_SUCH_EXEC, NO_SUCH_EXEC_OF_CRUN),
    *(*GONE, FOUND_ENDED_BY_CRUN, *NOT_PULLED, NEVER_ROOT, NO_APPARMOR),
)


def ids(lines: tuple[Line, ...]) -> list[str]:
    """For pytest."""
    return [" ".join(filter(None, (line.by, line.reason))) for line in lines]
