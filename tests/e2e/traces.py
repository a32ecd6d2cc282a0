"""What a session could leave behind, and the assertion that it left nothing."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from tests.waiting import SLOWNESS, patient

from .node import run
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
        deadline = time.monotonic() + patient(timeout)
        for name in self.pod.debug_containers():
            ended = self.pod.wait_terminated(name, (deadline - time.monotonic()) / SLOWNESS)
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
    told = run(
        f"cd /proc/{pid}/root/ && find . -xdev -printf '%D %p/ %M %U:%G %s %T@ %C@\\0' && printf '\\0' && "
        "find . -xdev -type f -exec sha256sum -z {} +"
    )
    listed, _, hashed = told.decode(errors="surrogateescape").partition("\0\0")
    every = [line.partition(" ") for line in listed.split("\0")]
    device = every[0][0]  # of the root, which comes first
    described = (line.rpartition("/ ") for on, _, line in every if on == device)
    content = {path: digest for digest, _, path in (line.partition("  ") for line in hashed.split("\0"))}
    return {path.removeprefix("."): f"{facts} {content.get(path, '')}" for path, _, facts in described}
