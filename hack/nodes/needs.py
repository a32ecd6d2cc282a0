"""What a machine must have to run a node, found out before anything is made."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

from hack.cluster import packages
from hack.cluster.layout import cache_root
from hack.cluster.needs import too_small
from hack.cluster.packages import NODE, Package, ensure

from . import machine
from .layout import layout

PACKAGES = (
    *NODE,
    Package("debian-archive-keyring", "/usr/share/keyrings/debian-archive-keyring.gpg"),
    Package("e2fsprogs", "mke2fs"),
    Package("mmdebstrap", "mmdebstrap"),
    Package("openssh-client", "ssh"),
    Package("qemu-system-x86", "qemu-system-x86_64"),
    Package("systemd", "systemctl"),  # enables units in the image
    Package("tar", "tar"),
)
_BESIDE_GUEST = 1024  # MiB: of QEMU's own, and of the control plane
# Images, compiled programs and what made them; certificates and logs; what a node writes, on QEMU's own disk of it.
_CACHE, _STATE, _GUEST_DISK = 4 << 30, 256 << 20, 4 << 30
_TEMPORARY = Path("/var/tmp")  # of QEMU


def lacking() -> list[str]:
    """Why no node can run on this machine; empty when one can, once `install` was called."""
    if sys.platform != "linux":
        return [f"a node in a virtual machine is for Linux, not for {sys.platform}"]
    if os.geteuid() != 0:
        return ["a node in a virtual machine needs root"]
    reasons = []
    if platform.machine() != "x86_64":
        reasons.append(f"the virtual machine is an x86_64 one, this machine is {platform.machine()}")
    needed = machine.memory() + _BESIDE_GUEST
    if (free := _free_memory()) < needed:
        reasons.append(f"{needed} MiB of memory are needed, {free} are available")
    reasons += too_small([(cache_root(), _CACHE), (layout().root, _STATE), (_TEMPORARY, _GUEST_DISK)])
    if refused := _refusal_of_namespaces():
        reasons.append(f"no namespace can be made: {refused}")
    return reasons + packages.lacking(PACKAGES)


def install() -> None:
    """The packages, where they are missing."""
    ensure(PACKAGES)


def _free_memory() -> int:
    """MiB that programs can have, caches that are given up for them included."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("MemAvailable:"))


def _refusal_of_namespaces() -> str:
    """In a container that is not privileged; "" when they can be made."""
    command = ["unshare", "--mount", "--pid", "--fork", "true"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.stderr.strip() if done.returncode else ""
