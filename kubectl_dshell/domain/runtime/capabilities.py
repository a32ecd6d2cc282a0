"""The capabilities that each runtime gives to root in a container whose spec says nothing of them.

As the runtimes are shipped: a node's crio.conf may set others (`default_capabilities`). The version of a runtime is in
the status of its node, which a session may not read; a row holds for every version that belongs to Kubernetes 1.25 or
newer.
"""

from __future__ import annotations

from typing import NamedTuple


class Defaults(NamedTuple):
    """`runtime`: how people write its name."""

    runtime: str
    capabilities: frozenset[str]


_OF_DOCKER = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "NET_RAW",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)
_CONTAINERD = Defaults("containerd", _OF_DOCKER)
_TABLE = {
    "containerd": _CONTAINERD,
    "docker": Defaults("Docker", _OF_DOCKER),
    # Without NET_RAW and SYS_CHROOT since 1.18, and nothing was added up to 1.36 (internal/config/capabilities).
    "cri-o": Defaults("CRI-O", _OF_DOCKER - {"AUDIT_WRITE", "MKNOD", "NET_RAW", "SETFCAP", "SYS_CHROOT"}),
}


def defaults(runtime: str) -> Defaults:
    """`runtime`: the scheme of a container's ID. One that is not known here, or not yet, counts as containerd."""
    return _TABLE.get(runtime, _CONTAINERD)
