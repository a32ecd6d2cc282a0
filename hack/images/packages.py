"""Debian packages by apt: downloaded once, and which of them another one needs."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from hack.cluster.layout import cache_root

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class MissingIngredientError(Exception):
    """Something the images are made of is not to be had on this machine."""


def package_tars(*packages: str) -> list[bytes]:
    """The files of each package, as a tar. Their archives stay in the cache: images are made anew with each change."""
    archives = _archives(packages)
    if len(archives) < len(packages):
        _update()  # a new machine has no lists of packages yet, an old one has old ones
        archives = _archives(packages)
    if len(archives) < len(packages):
        raise MissingIngredientError(f"cannot download the Debian packages {' '.join(packages)} (try apt-get update)")
    unpack = ("dpkg-deb", "--fsys-tarfile")
    return [subprocess.run([*unpack, one], check=True, capture_output=True).stdout for one in archives]


def _archives(packages: Sequence[str]) -> list[Path]:
    """Those that are to be had, in the order of the packages."""
    kept = cache_root() / "packages"
    kept.mkdir(parents=True, exist_ok=True)
    listed = _run("apt-get", "download", "--print-uris", *packages)
    names = {name.partition("_")[0]: name for name in re.findall(r"^'[^']*' (\S+\.deb) ", listed, re.MULTILINE)}
    if missing := [package for package, name in names.items() if not (kept / name).exists()]:
        with tempfile.TemporaryDirectory(dir=kept) as work:
            _run("apt-get", "download", "-qq", *missing, folder=work)
            for done in Path(work).glob("*.deb"):
                done.rename(kept / done.name)
    return [kept / names[one] for one in packages if one in names and (kept / names[one]).exists()]


def depends(packages: Iterable[str], *prefixes: str) -> list[str]:
    """What these packages depend on whose name starts so: Debian's releases call one library differently."""
    listed = _run("apt-cache", "depends", *packages)
    if not listed:
        _update()
        listed = _run("apt-cache", "depends", *packages)
    found = re.findall(r"^[ |]*(?:Pre)?Depends: (\S+)", listed, re.MULTILINE)
    return [name for name in dict.fromkeys(found) if name.startswith(prefixes)]


def all_needed(packages: Iterable[str], *prefixes: str) -> list[str]:
    """What these packages need whose name starts so, and what that needs in turn."""
    found: list[str] = []
    level = list(packages)
    while level := [name for name in depends(level, *prefixes) if name not in found]:
        found += level
    return found


def _run(program: str, *words: str, folder: str = "/") -> str:
    """Apt as on a machine without packages: it would not download the version of one that is installed from elsewhere."""
    command = [program, "-o", "Dir::State::status=/dev/null", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


@cache
def _update() -> None:
    """Only root may."""
    if os.geteuid() == 0:
        subprocess.run(["apt-get", "update", "-qq"], capture_output=True, check=False)
