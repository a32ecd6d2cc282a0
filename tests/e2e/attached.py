"""Who is attached, as `kubectl dshell ls` reports it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from .node import read_file
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
    return any(b"\0tether\0" in arguments for arguments in _running(pod))


def runs(pod: Pod, *command: str) -> bool:
    """Whether a process of one of its debug containers is exactly this command."""
    return "".join(f"{word}\0" for word in command).encode() in _running(pod)


def _running(pod: Pod) -> list[bytes]:
    """The command lines of the processes in its debug containers, as /proc has them."""
    ids = [one.status.get("containerID", "//").partition("//")[2] for one in pod.debug_containers().values()]
    return [_arguments(process.pid) for id_ in ids if id_ for process in processes_of(id_)]


def _arguments(pid: int) -> bytes:
    try:
        return read_file(f"/proc/{pid}/cmdline")
    except (FileNotFoundError, ProcessLookupError):
        return b""
