"""What the images are made of: Go programs, and files of Debian packages."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from .archive import File, Rootfs, link

if TYPE_CHECKING:
    from collections.abc import Iterable

_GO_SOURCES = Path(__file__).with_name("go")
_MERGED = ("bin", "sbin", "lib", "lib64")  # each Debian release has moved more of these below usr/
_LEFT_OUT = ("usr/share/*", "usr/lib/*/gconv/*")


class MissingIngredientError(Exception):
    """Something the images are made of is not to be had on this machine."""


@cache
def go_program() -> bytes:
    """The test app, without libc, and without anything of this machine in it."""
    go = os.environ.get("DSHELL_GO") or shutil.which("go")
    if go is None:
        raise MissingIngredientError("the test images need Go: install it, or name it in DSHELL_GO")
    with tempfile.TemporaryDirectory() as work:
        program = Path(work) / "server"
        flags = ["-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid="]
        command = [go, "build", *flags, "-o", str(program), "."]
        subprocess.run(command, check=True, cwd=_GO_SOURCES, env={**os.environ, "CGO_ENABLED": "0"})
        return program.read_bytes()


def debian_files(*packages: str) -> Rootfs:
    """The files of these packages, merged-/usr whatever the release, without documentation."""
    rootfs: Rootfs = {}
    for package in packages:
        with tarfile.open(fileobj=io.BytesIO(_package_tar(package))) as tar:
            for member in tar:
                path = _merged(member.name.removeprefix("./"))
                if file := _file(tar, member):
                    rootfs[path] = file
    kept = {path: file for path, file in rootfs.items() if not _left_out(path)}
    return {**{name: link(f"usr/{name}") for name in _MERGED}, **kept}


@cache
def _package_tar(package: str) -> bytes:
    with tempfile.TemporaryDirectory() as work:
        download = _apt("apt-get", "download", "-qq", package, folder=work)
        archives = list(Path(work).glob("*.deb"))
        if not archives:
            reason = download.stderr.strip()
            raise MissingIngredientError(f"no Debian package {package} (try apt-get update): {reason}")
        unpack = ["dpkg-deb", "--fsys-tarfile", str(archives[0])]
        return subprocess.run(unpack, check=True, capture_output=True).stdout


def _apt(*command: str, folder: str = "/") -> subprocess.CompletedProcess[str]:
    """A new machine has no lists of packages yet, an old one has old ones: they are fetched when that fails."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode and os.geteuid() == 0:
        subprocess.run(["apt-get", "update", "-qq"], capture_output=True, check=False)
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done


def _merged(path: str) -> str:
    return f"usr/{path}" if path.partition("/")[0] in _MERGED else path


def _file(tar: tarfile.TarFile, member: tarfile.TarInfo) -> File | None:
    if member.issym():
        return link(member.linkname)
    content = tar.extractfile(member) if member.isfile() or member.islnk() else None
    return File(content.read(), mode=member.mode) if content else None


def _left_out(path: str) -> bool:
    return any(fnmatch(path, pattern) for pattern in _LEFT_OUT)


@cache
def busybox() -> tuple[bytes, tuple[str, ...]]:
    """The program of Debian's busybox-static, and the names of its applets."""
    content = debian_files("busybox-static")["usr/bin/busybox"].content
    with tempfile.TemporaryDirectory() as work:
        program = Path(work) / "busybox"
        program.write_bytes(content)
        program.chmod(0o755)
        listed = subprocess.run([program, "--list"], check=True, capture_output=True, text=True).stdout.split()
    return content, tuple(name for name in listed if name != "busybox")


def needed_by(packages: Iterable[str], *prefixes: str) -> list[str]:
    """What these packages depend on whose name starts so: Debian's releases call one library differently."""
    listed = _apt("apt-cache", "depends", *packages)
    return [name for name in re.findall(r"Depends: (\S+)", listed.stdout) if name.startswith(prefixes)]


def python_version() -> str:
    """The Python of this Debian release, such as "3.11"."""
    listed = _apt("apt-cache", "depends", "python3-minimal")
    if found := re.search(r"Depends: python(3\.\d+)-minimal", listed.stdout):
        return found[1]
    raise MissingIngredientError(f"apt-cache knows no python3-minimal (try apt-get update): {listed.stderr.strip()}")
