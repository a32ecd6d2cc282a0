"""What kubelet and runtimes say, by what it means: the one place that knows their wording.

The API does not distinguish these cases: the kubelet passes on the text of an error, and each runtime has its own.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import NamedTuple

PULL_REASONS = frozenset({"ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "SignatureValidationFailed"})
"""Reasons for which a container waits: its image cannot be pulled, so far (kubelet `images/types.go`)."""
NO_IMAGE_REASONS = PULL_REASONS | {"ErrImageNeverPull", "InvalidImageName"}
NOT_CREATED_REASONS = frozenset({"CreateContainerError", "RunContainerError"})
"""The runtime failed (kubelet `kuberuntime_container.go`). containerd starts the program in the second step and says
RunContainerError; CRI-O has crun or runc look for it in the first."""
NEVER_STARTED_REASON = "RunContainerError"
"""A debug container that waits with it was created, and could not be started. The kubelet does not try again: it starts
one that has no status (kubelet `computePodActions`; seen through two more starts of the app on 1.36)."""
_FAILED_EXECS = frozenset({126, 127})
"""Exit codes of a shell, and of some runtimes, for a program that cannot be executed or is not there (POSIX, `sh`)."""
_LONGEST = 16384
CRUN_FAILED = 255
"""The exit code of an exec that crun could not start, under CRI-O; its words are on stderr."""
_ENDED_FOR_CRUN = r"the container `[0-9a-f]{64}` is not running"


class Says(Enum):
    """What a text means."""

    NO_PROGRAM = auto()
    """The program is not in the image, or cannot be executed: that of a container, or of an exec."""
    OTHER_ARCHITECTURE = auto()
    """The program is one for another architecture."""
    NOT_RUNNING = auto()
    """The container has ended a moment ago, or has not started yet: the kubelet has the same words for both."""
    NO_TARGET_YET = auto()
    """The container whose PID namespace is to be shared does not run: it may start (again)."""
    TARGET_ENDED = auto()
    """It has ended since the kubelet looked."""
    KILLED_AT_START = auto()
    """The first process was killed before it was the program, as it is if the shared PID namespace ends."""
    NOT_SUPPORTED = auto()
    """The node has not got what the securityContext asks for."""
    NEVER_ROOT = auto()
    """The container would run as root, or may, and runAsNonRoot forbids it."""
    NO_PLATFORM = auto()
    """Of a pull: the image has nothing for the node's architecture."""
    PULL_DENIED = auto()
    """Of a pull: by a registry, or by the server of its tokens."""
    PULL_FAILED = auto()
    """Of an event: its image could not be pulled."""


class Words(NamedTuple):
    """`pattern` (a regular expression, in any case) is found in what `runtime` says in the case `says`.

    `seen`: the versions that have said so; empty if it is known from its source alone.
    """

    says: Says
    runtime: str
    seen: str
    pattern: str


TABLE = (
    # runc says why: not found in $PATH, no such file or directory, permission denied.
    Words(Says.NO_PROGRAM, "runc", "1.1.15, 1.4.3", r'exec: \\?"'),
    Words(Says.NO_PROGRAM, "crun", "1.21", r"executable file `[^`]*` not found"),
    Words(Says.OTHER_ARCHITECTURE, "runc, crun", "1.4.3", r"exec format error"),  # ENOEXEC
    Words(Says.NOT_RUNNING, "kubelet", "1.30, 1.36", r"container not found"),
    Words(Says.NOT_RUNNING, "containerd", "", r"container is in CONTAINER_"),
    Words(Says.NOT_RUNNING, "containerd", "2.2.1", r"ttrpc: closed"),
    Words(Says.NOT_RUNNING, "containerd", "1.7.24", r"no running task found|\btask \w{1,128} not found"),
    Words(Says.NOT_RUNNING, "CRI-O", "1.36.3", r"container is not created or running"),
    Words(Says.NOT_RUNNING, "crun", "1.21", _ENDED_FOR_CRUN),
    Words(Says.NO_TARGET_YET, "kubelet", "1.36", r"unable to find target container"),
    Words(Says.NO_TARGET_YET, "runc", "1.4.3", r"namespace path"),
    Words(Says.TARGET_ENDED, "containerd", "2.2.1", r"invalid target container"),
    Words(Says.KILLED_AT_START, "runc", "1.4.3", r"procReady not received"),
    Words(Says.NOT_SUPPORTED, "containerd", "2.2.1", r"(?:apparmor|seccomp|selinux) is not (?:supported|enabled)"),
    Words(Says.NEVER_ROOT, "kubelet", "1.36", r"runAsNonRoot|non-root policy"),
    Words(Says.NO_PLATFORM, "containerd", "2.2.1", r"no match for platform in manifest"),
    Words(Says.NO_PLATFORM, "CRI-O", "", r"no image found in (?:manifest list|image index) for architecture"),
    Words(Says.NO_PLATFORM, "Docker", "", r"no matching manifest for"),
    Words(Says.PULL_DENIED, "containerd", "2.2.1", r"unauthorized|403 forbidden|authorization failed"),
    Words(Says.PULL_DENIED, "CRI-O", "", r"authentication required|requested access to the resource is denied"),
    Words(Says.PULL_DENIED, "Docker", "", r"no basic auth credentials|pull access denied"),
    Words(Says.PULL_FAILED, "kubelet", "1.36", r"\AFailed to pull image"),
)


def means(text: str, meaning: Says) -> bool:
    """Whether `text` is known to mean that."""
    return bool(words(text, meaning))


def words(text: str, meaning: Says) -> str:
    """Those of `text` that mean it; empty if there are none."""
    text = text[:_LONGEST]
    found = (re.search(known.pattern, text, re.IGNORECASE) for known in TABLE if known.says is meaning)
    return next((match[0] for match in found if match), "")


def found_no_program(code: int | None, message: str, stderr: str) -> bool:
    """Whether an exec ended like one whose program is not there; `message` is that of its status.

    For containerd it is a failure without an exit code; to CRI-O with crun it is an exec that ran, wrote the reason to
    stderr, and ended with CRUN_FAILED.
    """
    if code is None:
        return means(message, Says.NO_PROGRAM)
    return code in _FAILED_EXECS or (code == CRUN_FAILED and means(stderr, Says.NO_PROGRAM))


def found_ended(stderr: bytes) -> bool:
    """Whether this is all that an exec wrote whose container had ended: to CRI-O with crun it is an exec that ran."""
    return len(stderr) < _LONGEST and bool(re.fullmatch(rf"{_ENDED_FOR_CRUN}\s*".encode(), stderr))
