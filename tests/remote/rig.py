"""A pod made of real processes: an app that never reaps, a debug container beside it, and execs into that.

Each container has cgroups of its own (removed afterwards), a root directory of its own, and processes that
`contain.py` starts as a runtime would. Needs root; nothing but these processes is ever signalled.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal

from kubectl_dshell.domain.access.facts import HolderState
from kubectl_dshell.domain.debug_container.spec import HOLDER_COMMAND
from kubectl_dshell.domain.debug_container.status import HolderReport
from kubectl_dshell.domain.stream import TerminalSize
from kubectl_dshell.remote import protocol, script
from tests.remote.busybox import busybox
from tests.remote.container import Container, Process
from tests.waiting import wait_until

__all__ = ["Container", "Debug", "Pod", "Process", "furnish", "pod"]

NOBODY = (65532, 65532)
TOOLS = ("bash", "cat", "chroot", "env", "grep", "ls", "sh", "sleep", "stty", "tr", "true", "touch", "id", "ps")
Shell = Literal["busybox", "bash", "dash+bash", "dash"]
Namespace = Literal["own", "shared", "host"]


class Pod:
    """`kind` says whose PID namespace it is: the app's own, the pod's (a pause process), or the node's."""

    def __init__(
        self,
        place: Path,
        kind: Namespace = "own",
        *,
        version_2: bool = False,
        cgroup_namespace: bool = False,
        scope: str = "{}",
    ) -> None:
        self.place, self.kind, self.scope = place, kind, scope
        self.hierarchies = [version_2_hierarchy()] if version_2 else hierarchies()
        self.cgroup_namespace = cgroup_namespace
        self.containers: list[Container] = []
        self.pause = None if kind == "own" else self._sleeper("pause")
        self.app = self._sleeper("app")
        self.app_pid = self.app.pids()[0]

    def _sleeper(self, name: str, user: tuple[int, int] = NOBODY) -> Container:
        container = self.container(name, user)
        (container.root / "file").write_text("the app's\n")
        (container.root / "dev/null").touch()
        for program in ("sleep", "busybox"):
            shutil.copy(busybox(), container.root / program)
        container.start(["/sleep", "1000000"], init=False)
        wait_until(lambda: container.asleep(1), 10)
        return container

    def container(self, name: str, user: tuple[int, int] = NOBODY, env: dict[str, str] | None = None) -> Container:
        root = self.place / name / "root"
        for folder in ("proc", "dev", "tmp"):
            (root / folder).mkdir(parents=True)
        (root / "tmp").chmod(0o777)
        identity = secrets.token_hex(32)
        cgroups = [Path(top, f"dshell-test-{self.place.name}", self.scope.format(identity)) for top in self.hierarchies]
        for cgroup in cgroups:
            cgroup.mkdir(parents=True)
        container = Container(
            identity,
            root,
            cgroups,
            user,
            env or {},
            self.pid_namespace,
            parent_inside=self.kind == "host",
            cgroup_namespace=self.cgroup_namespace,
        )
        self.containers.append(container)
        return container

    def pid_namespace(self) -> str:
        """Where processes start: what the first container made."""
        first = self.containers[0]
        return f"/proc/{first.pids()[0]}/ns/pid" if first.processes else ""

    def zombies(self) -> list[str]:
        """Dead children of the first process of the PID namespace, which never reaps."""
        first = self.containers[0].pids()[0]
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        states = [Path(f"/proc/{pid}/stat").read_text() for pid in children]
        return [line for line in states if line.rpartition(")")[2].split()[0] == "Z"]

    def close(self) -> None:
        for container in reversed(self.containers):
            for pid in container.pids():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        for container in self.containers:
            for process in container.processes:
                process.close()
        for container in self.containers:
            for cgroup in container.cgroups:
                wait_until(partial(empty, cgroup), 10)
                cgroup.rmdir()
        for cgroup in self.containers[0].cgroups:
            cgroup.parent.rmdir()


def empty(cgroup: Path) -> bool:
    return not (cgroup / "cgroup.procs").read_text()


class Debug:
    """The debug container of a pod's app, and the sessions in it."""

    def __init__(self, pod: Pod, shell: Shell = "busybox", user: tuple[int, int] = NOBODY, **env: str) -> None:
        self.pod, self.target = pod, pod.app
        self.container = pod.container(f"debug-{secrets.token_hex(2)}", user)
        self.log = self.container.root / "dev/termination-log"
        furnish(self.container, shell)
        self.container.env = {
            "PATH": "/bin",
            "HOME": "/",
            "DSHELL_HOLDER": script.holder(),
            "DSHELL_ENTER": script.enter(),
            "DSHELL_LEASE": "50",
            "DSHELL_LIMIT": "28800",
            **env,
        }
        self.holder = self.container.start(list(HOLDER_COMMAND))
        wait_until(self.log.read_text, 10, self.holder.outer.communicate)

    def message(self) -> str:
        return self.log.read_text().strip()

    def tether(self, session: str) -> Process:
        return self.container.start(protocol.tether_argv(self.target.id, session))

    def shell(self, session: str) -> Process:
        return self.container.start(
            protocol.shell_argv(self.target.id, session, "pod/app", TerminalSize(24, 80)), tty=True
        )

    def state(self) -> tuple[HolderState, HolderReport | None]:
        asking = self.container.start(protocol.state_argv())
        asking.close_input()
        assert asking.ended() == 0
        return protocol.parse_state(asking.printed().decode())

    def run(self, session: str, *command: str) -> Process:
        return self.container.start(protocol.run_argv(self.target.id, session, list(command)))

    def commands(self) -> list[str]:
        """The names of its processes."""
        found = []
        for pid in self.container.pids():
            with suppress(FileNotFoundError, ProcessLookupError):
                found.append(Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode())
        return found

    def runs(self, *words: str) -> bool:
        """Whether one of its processes has these words."""
        whole = "".join(f"{word}\0" for word in words).encode()
        for pid in self.container.pids():
            with suppress(FileNotFoundError, ProcessLookupError):
                if Path(f"/proc/{pid}/cmdline").read_bytes() == whole:
                    return True
        return False

    def others(self) -> list[int]:
        """Processes of the container other than the first."""
        return self.container.pids()[1:]


def furnish(container: Container, shell: Shell) -> None:
    root = container.root
    (root / "bin").mkdir()
    root.joinpath("dev/termination-log").touch()
    root.joinpath("dev/termination-log").chmod(0o666)
    for name in ("null", "tty", "zero"):
        (root / "dev" / name).touch()
        container.binds.append(f"/dev/{name}")
    if shell == "busybox":
        shutil.copy(busybox(), root / "bin")
        subprocess.run([root / "bin/busybox", "--install", "-s", root / "bin"], check=False, capture_output=True)
        for link in (root / "bin").iterdir():
            if link.is_symlink():
                link.unlink()
                link.symlink_to("busybox")
        return
    for folder in ("usr", "lib", "lib64"):
        (root / folder).mkdir()
        container.binds.append(f"/{folder}")
    for tool in TOOLS:
        if tool not in ("sh", "bash") or (tool == "bash" and shell != "dash"):
            (root / "bin" / tool).symlink_to(f"/usr/bin/{tool}")
    (root / "bin/sh").symlink_to("/usr/bin/bash" if shell == "bash" else "/usr/bin/dash")


def hierarchies() -> list[str]:
    """Where cgroups can be made: two hierarchies of v1, or v2."""
    old = [f"/sys/fs/cgroup/{name}" for name in ("pids", "systemd")]
    return old if Path(old[0]).is_dir() else ["/sys/fs/cgroup"]


def version_2_hierarchy() -> str:
    """Where version 2 is mounted, alone or beside version 1."""
    mounted = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    return next(fields[1] for fields in mounted if fields[2] == "cgroup2")


@contextmanager
def pod(place: Path, kind: Namespace = "own", **options: Any) -> Iterator[Pod]:
    made = Pod(place, kind, **options)
    try:
        yield made
    finally:
        made.close()
