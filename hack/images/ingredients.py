"""What the images are made of: Go programs, and files of Debian packages."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

from .archive import File, Rootfs, link
from .packages import MissingIngredientError, depends, package_tars

_FOLDER = Path(__file__).parent
_MERGED = ("bin", "sbin", "lib", "lib64")  # each Debian release has moved more of these below usr/
_LEFT_OUT = (
    "usr/share/*",
    "usr/lib/*/gconv/*",
    "usr/include/*",
    "usr/lib/jvm/*/lib/ct.sym",
    "usr/lib/jvm/*nocoops.jsa",
)
_NEEDED = ("usr/share/nodejs/*",)  # modules that Debian's node reads when it starts


@cache
def go_program(sources: str = "go") -> bytes:
    """The program of a folder here, of the test app by default: without libc, and nothing of this machine in it."""
    go = os.environ.get("DSHELL_GO") or shutil.which("go")
    if go is None:
        raise MissingIngredientError("the test images need Go: install it, or name it in DSHELL_GO")
    with tempfile.TemporaryDirectory() as work:
        program = Path(work) / "server"
        flags = ["-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid="]
        command = [go, "build", *flags, "-o", str(program), "."]
        subprocess.run(command, check=True, cwd=_FOLDER / sources, env={**os.environ, "CGO_ENABLED": "0"})
        return program.read_bytes()


def debian_files(*packages: str) -> Rootfs:
    """The files of these packages, merged-/usr whatever the release, without documentation."""
    rootfs: Rootfs = {}
    for content in package_tars(*packages):
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            for member in tar:
                path = _merged(member.name.removeprefix("./"))
                if file := _file(tar, member):
                    rootfs[path] = file
    kept = {path: file for path, file in rootfs.items() if not _left_out(path)}
    return {**{name: link(f"usr/{name}") for name in _MERGED}, **kept}


def _merged(path: str) -> str:
    return f"usr/{path}" if path.partition("/")[0] in _MERGED else path


def _file(tar: tarfile.TarFile, member: tarfile.TarInfo) -> File | None:
    if member.issym():
        return link(member.linkname)
    content = tar.extractfile(member) if member.isfile() or member.islnk() else None
    return File(content.read(), mode=member.mode) if content else None


def _left_out(path: str) -> bool:
    return any(fnmatch(path, one) for one in _LEFT_OUT) and not any(fnmatch(path, one) for one in _NEEDED)


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


def python_version() -> str:
    """The Python of this Debian release, such as "3.11"."""
    for name in depends(["python3-minimal"], "python3."):
        return name.removeprefix("python").removesuffix("-minimal")
    raise MissingIngredientError("apt-cache knows no python3-minimal (try apt-get update)")
