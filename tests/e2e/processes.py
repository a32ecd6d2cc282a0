"""A container's processes as the node's host sees them: a witness that is not the program under test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from .node import read_file, read_files

if TYPE_CHECKING:
    from .pods import Pod


@dataclass(frozen=True, slots=True)
class Process:
    """One process in the host's numbers; `started` in clock ticks since boot, `state` one letter (proc(5))."""

    pid: int
    ppid: int
    state: str
    comm: str
    started: int
    cgroup: str

    def status(self) -> dict[str, str]:
        """/proc/PID/status by field, such as {"Uid": "0 0 0 0"}."""
        lines = read_file(f"/proc/{self.pid}/status").decode().splitlines()
        return {name: " ".join(value.split()) for name, _, value in (line.partition(":") for line in lines)}


@dataclass(frozen=True, slots=True)
class AppState:
    """What a session must leave as it found it; compare two of them."""

    pid: int
    started: int
    container_id: str
    restart_count: int
    processes: tuple[int, ...]
    zombies: tuple[Process, ...]


def every_process() -> list[Process]:
    files = read_files("/proc/[0-9]*/stat", "/proc/[0-9]*/cgroup")
    pids = sorted(int(path.split("/")[2]) for path in files if path.endswith("/stat"))
    pairs = ((pid, files[f"/proc/{pid}/stat"], files.get(f"/proc/{pid}/cgroup")) for pid in pids)
    return [_parse(pid, stat.decode(), cgroup.decode()) for pid, stat, cgroup in pairs if cgroup]


def processes_of(container_id: str) -> list[Process]:
    """The processes whose control group names this container, oldest first; zombies may have left theirs.

    CRI-O's monitor of it has a group of its own, with `-conmon-` before the ID.
    """
    ours = (
        process for process in every_process() if container_id in process.cgroup.replace(f"-conmon-{container_id}", "")
    )
    return sorted(ours, key=lambda process: (process.started, process.pid))


def zombies_below(pid: int) -> list[Process]:
    return [process for process in every_process() if process.ppid == pid and process.state == "Z"]


def app_state(pod: Pod, container: str = "app") -> AppState:
    """Skips the test where the node's processes are not this machine's."""
    status = pod.status(container)
    container_id = status["containerID"].partition("://")[2]
    processes = processes_of(container_id)
    if not processes:
        pytest.skip("the node of this cluster is another machine: its processes cannot be seen")
    first = processes[0]
    return AppState(
        pid=first.pid,
        started=first.started,
        container_id=container_id,
        restart_count=status["restartCount"],
        processes=tuple(process.pid for process in processes if process.state != "Z"),
        zombies=tuple(zombies_below(first.pid)),
    )


def _parse(pid: int, stat: str, cgroup: str) -> Process:
    comm = stat[stat.index("(") + 1 : stat.rindex(")")]
    fields = stat[stat.rindex(")") + 2 :].split()
    return Process(pid, int(fields[1]), fields[0], comm, int(fields[19]), cgroup)
