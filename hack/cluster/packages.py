"""What the machine must have: Debian packages, found by what they bring."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from .command import run
from .errors import ClusterError
from .progress import step


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


IMAGES = (Package("apt", "apt-get"), Package("dpkg", "dpkg-deb"))
"""The test images are made of the files of Debian packages, whatever this machine runs."""


def ensure(packages: tuple[Package, ...]) -> None:
    """Install what is missing when we may; raises ClusterError with the command to type when not."""
    missing = [package.name for package in packages if package.missing]
    if not missing:
        return
    if refused := lacking(packages):
        raise ClusterError(f"missing on this machine: {'; '.join(refused)}")
    with step(f"installing Debian packages: {' '.join(missing)}", kind="packages", guess=20):
        _apt_get("install", "-y", "--no-install-recommends", *missing)


def lacking(packages: tuple[Package, ...]) -> list[str]:
    """Of these, what we cannot install ourselves, each with what to do; [] also when apt has them for us."""
    missing = [package for package in packages if package.missing]
    if not missing:
        return []
    names = " ".join(package.name for package in missing)
    if shutil.which("apt-get") is None:
        brings = ", ".join(package.brings for package in missing)
        return [f"{brings}: of the Debian packages {names}, and this is no Debian; install what has them here"]
    if os.geteuid() != 0:
        return [f"Debian packages; type: sudo apt-get install -y {names}"]
    said = [_refusal("update")]  # of one source perhaps, which has none of these
    said.append(_refusal("install", "--simulate", "--no-install-recommends", *(one.name for one in missing)))
    return ["\n".join([f"Debian packages {names}, which cannot be had:", *filter(None, said)])] if said[-1] else []


def _refusal(*words: str) -> str:
    """What apt-get says when it fails; "" when it does not."""
    try:
        _apt_get(*words)
    except ClusterError as error:
        return str(error)
    return ""


def _apt_get(*words: str) -> None:
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run("apt-get", "-qq", "-o", "APT::Update::Error-Mode=any", *words, env=quiet)
