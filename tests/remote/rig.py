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
from kubectl_dshell.domain.app_image.tools import Tools
from kubectl_dshell.domain.debug_container.spec import PROTOCOL
from kubectl_dshell.domain.debug_container.status import HolderReport
from kubectl_dshell.domain.pod.copied import TOOLS_VARIABLE
from kubectl_dshell.domain.stream import TerminalSize
from kubectl_dshell.remote import exec_script, protocol
from kubectl_dshell.remote.exec_script import MARK, ExecScript
from tests.remote.busybox import busybox
from tests.remote.container import Container, Process
from tests.waiting import wait_until

__all__ = ["Container", "Debug", "Pod", "Process", "furnish", "furnish_devices", "furnish_image", "pod"]

NOBODY = (65532, 65532)
TOOLS = (
    *("bash", "cat", "chroot", "env", "grep", "id", "ls", "ps", "readlink", "sh", "sleep", "stty", "touch", "tr"),
    "true",
)
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
        env: dict[str, str] | None = None,
    ) -> None:
        """`env`: the variables of the app."""
        self.place, self.kind, self.scope = place, kind, scope
        self.hierarchies = [version_2_hierarchy()] if version_2 else hierarchies()
        self.cgroup_namespace = cgroup_namespace
        self.containers: list[Container] = []
        self.pause = None if kind == "own" else self._sleeper("pause")
        self.app = self._sleeper("app", env=env)
        self.app_pid = self.app.pids()[0]

    def _sleeper(self, name: str, user: tuple[int, int] = NOBODY, env: dict[str, str] | None = None) -> Container:
        container = self.container(name, user, env)
        (container.root / "file").write_text("the app's\n")
        (container.root / "dev/null").touch()
        furnish_image(container)
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


def as_sent(text: str) -> bytes:
    """`text` as deliver.sh passes it to the first process."""
    lines = "".join(f"0 {line}\n" for line in text.splitlines())
    return f"program 0\n{lines}run 0 {len(text)}\n".encode()


class Debug:
    """The debug container of a pod's app, and the sessions in it."""

    def __init__(
        self,
        pod: Pod,
        shell: Shell = "busybox",
        user: tuple[int, int] = NOBODY,
        *,
        starter: str = "- 50",
        waits: bool = False,
        env: dict[str, str] | None = None,
        tools: Tools | None = None,
        text: str = "",
        places: tuple[str, ...] = (),
    ) -> None:
        """`starter`: the session it is made for (-: any), and how long to wait for it. `waits`: for the holder's text.

        `tools`: of another one; then it has the app's image. `text`: another one for its holder. `places`: of
        the volumes of an app that it has not joined.
        """
        self.pod, self.target = pod, pod.app
        self.container = pod.container(f"debug-{secrets.token_hex(2)}", user)
        self.log = self.container.root / "dev/termination-log"
        self.reader = exec_script.shell_of(tools, places=places)
        if tools:
            furnish_image(self.container)
            furnish_devices(self.container)
        else:
            furnish(self.container, shell)
        self.container.env = {
            "PATH": "/app" if tools else "/bin",
            "HOME": "/",
            "DSHELL_PROTOCOL": f"{PROTOCOL} {starter}",
            "DSHELL_LIMIT": "28800",
            **({TOOLS_VARIABLE: tools.stamp} if tools else {}),
            **(env or {}),
        }
        self.holder = self.container.start(exec_script.first_command(self.reader))
        wait_until(self.log.read_text, 10, self.holder.outer.communicate)
        if not waits:
            self.holder.say(as_sent(text or exec_script.holder_text(self.reader).decode().removesuffix("\n")))
            wait_until(lambda: "new" not in self.message(), 10)

    def message(self) -> str:
        return self.log.read_text().strip()

    def exec(self, exec_: ExecScript) -> Process:
        """As a client does: the script follows at once."""
        process = self.container.start(list(exec_.argv), tty=exec_.tty)
        if exec_.tty:
            process.type_until(exec_.text, MARK)
        else:
            process.say(exec_.text)
        return process

    def tether(self, session: str, *, first: bool = False, lend: bool = False) -> Process:
        return self.exec(exec_script.tether_exec(self.target.id, session, first=first, lend=lend, shell=self.reader))

    def shell(self, session: str) -> Process:
        size = TerminalSize(24, 80)
        return self.exec(exec_script.shell_exec(self.target.id, session, "pod/app", size, shell=self.reader))

    def state(self) -> tuple[HolderState, HolderReport | None]:
        asking = self.exec(exec_script.state_exec(self.reader))
        assert asking.ended() == 0
        return protocol.parse_state(asking.printed().decode())

    def run(self, session: str, *command: str) -> Process:
        """With stdin; a shell waits for the command and says bye: two processes."""
        return self.exec(exec_script.command_exec(self.target.id, session, command, stdin=True, shell=self.reader))

    def run_without_stdin(self, session: str, *command: str) -> Process:
        """The same with nothing to read."""
        return self.exec(exec_script.command_exec(self.target.id, session, command, shell=self.reader))

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


def furnish_image(container: Container) -> None:
    """What the app's image has."""
    for program in ("sleep", "busybox"):
        shutil.copy(busybox(), container.root / program)


def furnish_devices(container: Container) -> None:
    log = container.root / "dev/termination-log"
    log.touch()
    log.chmod(0o666)
    for name in ("null", "tty", "zero"):
        (container.root / "dev" / name).touch()
        container.binds.append(f"/dev/{name}")


def furnish(container: Container, shell: Shell) -> None:
    root = container.root
    (root / "bin").mkdir()
    furnish_devices(container)
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
            (root / "bin" / tool).symlink_to(f"../usr/bin/{tool}")
    (root / "bin/sh").symlink_to("../usr/bin/bash" if shell == "bash" else "../usr/bin/dash")


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


def attempts(place: Path) -> Iterator[Path]:
    """Places for a few: a busy machine only adds to a time, so one that is short enough shows what it takes."""
    for number in range(3):
        folder = place / f"{place.name}-{number}"  # its control group has this name
        folder.mkdir()
        yield folder
