"""Runtimes with a kernel of their own, and what they make of a session, and of the PID namespace of an app.

The API names the class of a pod; which runtime that is, its RuntimeClass says, which a session may not read. So the
usual names of classes decide.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Sandbox(NamedTuple):
    """`pattern` (a regular expression) is found in the name of a class.

    `bars`: why no session begins. `hides`: why a debug container may not see the app's processes; `hides_shared`: with
    shareProcessNamespace.
    """

    pattern: str
    bars: str
    hides: str
    hides_shared: str


TABLE = (
    # Measured with runsc 20240729: another process can open the pipe that is a container's stdin, and each write to it
    # fails with EBADF. pkg/sentry/fsimpl/host/host.go (August 2026): the node's descriptor stays the one for reading.
    Sandbox(
        "gvisor|runsc",
        "gVisor lets no process write to another one's standard input, through which a session begins",
        "",
        "",
    ),
    # agent/src/rpc.rs, update_container_namespaces: any path becomes that of the pod's PID namespace. Not tried.
    Sandbox(
        r"\bkata|peerpod",
        "",
        "Kata Containers shares the PID namespace of the pod instead of the app's, so it takes a pod with "
        "shareProcessNamespace: true",
        "",
    ),
)


def bars(runtime_class: str) -> str:
    """Why no session begins in a pod of this class, whatever its debug container; empty if nothing is known."""
    known = _known(runtime_class)
    return _said(runtime_class, known.bars if known else "")


def hides(runtime_class: str, *, shared: bool) -> str:
    """Why a debug container may see no process of the app in a pod of this class; empty if nothing is known.

    `shared`: whether the pod has shareProcessNamespace.
    """
    known = _known(runtime_class)
    return _said(runtime_class, (known.hides_shared if shared else known.hides) if known else "")


def doubts(runtime_class: str, *, shared: bool) -> str:
    """Why a session may not get at the app's files for one of these reasons; empty if nothing is known."""
    return bars(runtime_class) or hides(runtime_class, shared=shared)


def _known(runtime_class: str) -> Sandbox | None:
    return next((row for row in TABLE if re.search(row.pattern, runtime_class)), None)


def _said(runtime_class: str, why: str) -> str:
    return f"by the name of its runtime class ({runtime_class}), {why}" if why else ""
