"""What the machine must have: Debian packages, found by what they bring."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from .command import run
from .errors import ClusterError


@dataclass(frozen=True, slots=True)
class Package:
    """`brings` is a program, or a file when it has a slash."""

    name: str
    brings: str

    @property
    def missing(self) -> bool:
        if "/" in self.brings:
            return not any(Path("/").glob(self.brings.lstrip("/")))
        return shutil.which(self.brings, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is None


BUILD = (
    Package("ca-certificates", "/etc/ssl/certs/ca-certificates.crt"),
    Package("gcc", "gcc"),
    Package("libc6-dev", "/usr/include/stdio.h"),
    Package("libseccomp-dev", "/usr/include/seccomp.h"),
    Package("pkg-config", "pkg-config"),
)
NODE = (
    Package("iproute2", "ip"),
    Package("mount", "mount"),
    Package("openssl", "openssl"),
    Package("util-linux", "unshare"),
)

SHELLS = (
    Package("bash-completion", "/usr/share/bash-completion/bash_completion"),
    Package("zsh", "zsh"),
    Package("fish", "fish"),
)
"""Whose completion tests/e2e/test_completion.py drives; kubectl's script for bash calls functions of the first."""


def ensure(packages: tuple[Package, ...]) -> None:
    """Install what is missing when we may; raises ClusterError with the command to type when not."""
    missing = [package.name for package in packages if package.missing]
    if not missing:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        words = " ".join(missing)
        raise ClusterError(f"missing on this machine: {words}; type: sudo apt-get install -y {words}")
    print(f"installing Debian packages: {' '.join(missing)}", file=sys.stderr, flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run("apt-get", "update", "-qq", env=quiet)
    run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing, env=quiet)


def in_reach() -> str:
    """Why the cluster that we build cannot be had by this user on this machine; "" when it can."""
    if sys.platform != "linux":
        return f"the one that this project builds is for Linux, not for {sys.platform}"
    if os.geteuid() != 0:
        return "the one that this project builds needs root"
    return ""
