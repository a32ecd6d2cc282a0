"""Who is attached, as `kubectl dshell ls` reports it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from .processes import processes_of

if TYPE_CHECKING:
    from .pods import Pod
    from .program import Dshell


def attached(dshell: Dshell, *pods: Pod, within: int = 60) -> bool:
    """Whether a client is attached in each of the pods, whose last beat arrived at most `within` seconds ago."""
    items = json.loads(dshell("ls", *(pod.name for pod in pods), "-o", "json").stdout)["items"]
    return {item["pod"] for item in items if item["clients"] and item["idleSeconds"] <= within} == {
        pod.name for pod in pods
    }


def tethered(pod: Pod) -> bool:
    """Whether a tether runs in one of its debug containers."""
    ids = [one.status.get("containerID", "//").partition("//")[2] for one in pod.debug_containers().values()]
    return any(b"\0tether\0" in _arguments(process.pid) for id_ in ids if id_ for process in processes_of(id_))


def _arguments(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
