"""What a session could leave behind, and the assertion that it left nothing."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from .processes import AppState, app_state, processes_of

if TYPE_CHECKING:
    from .pods import Pod


@dataclass(frozen=True, slots=True)
class Before:
    """A pod before its sessions; its app was started with -signals."""

    pod: Pod
    app: AppState
    files: dict[str, str]
    log: str

    @classmethod
    def of(cls, pod: Pod) -> Self:
        pod.wait_log("serving as")
        state = app_state(pod)
        return cls(pod, state, files_of(state.pid), log_of(pod, "app"))

    def assert_untouched(self, zombies: int = 0) -> None:
        """The app runs as before, heard of nothing, and has the same files; `zombies` are those not to be avoided."""
        now = app_state(self.pod)
        assert len(now.zombies) <= zombies, now.zombies
        assert replace(now, zombies=()) == replace(self.app, zombies=())
        heard = log_of(self.pod, "app").removeprefix(self.log)
        assert zombies or not heard, heard
        changed = sorted(files_of(now.pid).items() ^ self.files.items())
        assert not changed, changed

    def assert_nothing_left(self, message: str, timeout: float) -> None:
        """Within `timeout` seconds every debug container is terminated with `message`, and its processes are gone."""
        deadline = time.monotonic() + timeout
        for name in self.pod.debug_containers():
            ended = self.pod.wait_terminated(name, deadline - time.monotonic())
            assert (ended["message"].strip(), ended["exitCode"]) == (message, 0)
            self._assert_gone(ended["containerID"].partition("://")[2], deadline)
            assert log_of(self.pod, name) == ""
        self.assert_untouched()

    @staticmethod
    def _assert_gone(container_id: str, deadline: float) -> None:
        """What the runtime kills at the end of the first process needs a processor to die, too."""
        while left := processes_of(container_id):
            assert time.monotonic() < deadline, left
            time.sleep(0.1)


def log_of(pod: Pod, container: str) -> str:
    return pod.log(container)


def files_of(pid: int) -> dict[str, str]:
    """The root filesystem of a process, without what is mounted in it: all that a write would change, by path."""
    root = Path(f"/proc/{pid}/root/")
    device = root.stat().st_dev
    found = {}
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if Path(folder, name).lstat().st_dev == device]
        for path in (Path(folder, name) for name in ("", *names)):
            status = path.lstat()
            if status.st_dev == device:
                found[f"/{path.relative_to(root)}"] = _describe(path, status)
    return found


def _describe(path: Path, status: os.stat_result) -> str:
    content = hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(status.st_mode) else ""
    owner = f"{status.st_uid}:{status.st_gid}"
    return (
        f"{stat.filemode(status.st_mode)} {owner} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {content}"
    )
