"""What the kernel keeps of a cluster: its control groups and its bridge."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import ClusterError

if TYPE_CHECKING:
    from .layout import Layout


def cgroup_folders(layout: Layout, mountinfo: str) -> list[Path]:
    """The cluster's control group in each hierarchy that `mountinfo` (/proc/self/mountinfo) shows."""
    folders = []
    for line in mountinfo.splitlines():
        place, _, kind = line.partition(" - ")
        if kind.split()[0] in {"cgroup", "cgroup2"}:
            folders.append(Path(place.split()[4]) / layout.cgroup)
    return folders


def create_cgroups(layout: Layout) -> None:
    """The kubelet makes its groups below ours but not ours."""
    for folder in _here(layout):
        folder.mkdir(exist_ok=True)


def remove(layout: Layout, seconds: float = 10) -> None:
    """Of a cluster whose processes are dead; raises ClusterError for what cannot be removed in this time."""
    if Path("/sys/class/net", layout.bridge).exists():
        subprocess.run(["ip", "link", "delete", layout.bridge], check=False)
    deadline = time.monotonic() + seconds
    while left := [folder for folder in _here(layout) if not _removed(folder)]:
        if time.monotonic() > deadline:
            raise ClusterError(f"a process is left in {', '.join(map(str, left))}: see cgroup.procs there")
        time.sleep(0.05)  # the kernel lets go of a dead process's group a little later


def _here(layout: Layout) -> list[Path]:
    return cgroup_folders(layout, Path("/proc/self/mountinfo").read_text())


def _removed(top: Path) -> bool:
    for folder, _, _ in os.walk(top, topdown=False):
        with contextlib.suppress(OSError):
            Path(folder).rmdir()
    return not top.exists()
