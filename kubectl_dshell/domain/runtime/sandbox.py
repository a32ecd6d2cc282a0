"""Runtimes with a kernel of their own, and what they make of a debug container that shares an app's PID namespace.

The API names the class of a pod; which runtime that is, its RuntimeClass says, which a session may not read. So the
usual names of classes decide.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Sandbox(NamedTuple):
    """`pattern` (a regular expression) is found in the name of a class.

    `hides`: why a debug container may not see the app's processes; `hides_shared`: with shareProcessNamespace.
    """

    pattern: str
    hides: str
    hides_shared: str


_GVISOR = "gVisor does not share one container's PID namespace with another, or does not say whose a process is"
TABLE = (
    # runsc/boot/loader.go: a namespace that it cannot find is a new one. Seen with runsc 20221219: that, and an empty
    # /proc/PID/cgroup.
    Sandbox("gvisor|runsc", _GVISOR, _GVISOR),
    # agent/src/rpc.rs, update_container_namespaces: any path becomes that of the pod's PID namespace. Not tried.
    Sandbox(
        r"\bkata|peerpod",
        "Kata Containers shares the PID namespace of the pod instead of the app's, so it takes a pod with "
        "shareProcessNamespace: true",
        "",
    ),
)


def hides(runtime_class: str, *, shared: bool) -> str:
    """Why a debug container may see no process of the app in a pod of this class; empty if nothing is known.

    `shared`: whether the pod has shareProcessNamespace.
    """
    known = next((row for row in TABLE if re.search(row.pattern, runtime_class)), None)
    why = known and (known.hides_shared if shared else known.hides)
    return f"by the name of its runtime class ({runtime_class}), {why}" if why else ""
