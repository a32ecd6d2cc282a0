"""A process that is surely the one we started: a PID is reused, a PID with its start time is not."""

from __future__ import annotations

import os
import select
import signal
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """`started` is in clock ticks since `boot`, the kernel's id of one boot."""

    pid: int
    started: int
    boot: str

    @property
    def alive(self) -> bool:
        return identify(self.pid) == self

    def kill(self, seconds: float = 30) -> bool:
        """SIGKILL, then wait until it is gone; False when it is still there after these seconds.

        The first process of a PID namespace is gone only after every other process in it.
        """
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return True
        try:
            if not self.alive:  # looked at after the handle was taken: it cannot become another process now
                return True
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            return bool(select.select([handle], [], [], seconds)[0])
        finally:
            os.close(handle)


def identify(pid: int) -> Process | None:
    """The process of this PID now; None when there is none, or only its unreaped rest."""
    try:
        words = _stat(pid)
    except (FileNotFoundError, ProcessLookupError):
        return None
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return None if words[0] == "Z" else Process(pid, int(words[19]), boot)


def first_child(pid: int) -> Process | None:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int(_stat(int(folder.name))[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == pid and (child := identify(int(folder.name))):
            return child
    return None


def _stat(pid: int) -> list[str]:
    """The words of /proc/PID/stat after the name, which may hold blanks and parentheses itself."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
