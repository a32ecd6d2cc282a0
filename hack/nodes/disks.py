"""The disks of a node, made without mounting anything, and kept in the cache that all checkouts share."""

from __future__ import annotations

import hashlib
import inspect
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hack.cluster.command import run
from hack.cluster.layout import cache_root
from hack.cluster.lock import locked

from . import guest, selinux
from .said import say

if TYPE_CHECKING:
    from pathlib import Path

_MIB = 1024 * 1024
_ROOT_SIZE = 8192 * _MIB  # sparse: it takes what is written
_DEADLINE = "900"  # seconds for the packages: 33 s were measured, 124 s on a loaded machine
_KEPT_SECONDS = 3600.0  # after its last use: what another checkout still makes its nodes of


@dataclass(frozen=True, slots=True)
class RootImage:
    folder: Path

    @property
    def disk(self) -> Path:
        return self.folder / "root.ext4"

    @property
    def kernel(self) -> str:
        """The release, such as 6.12.0-cloud-amd64."""
        return (self.folder / "kernel").read_text().strip()

    def version(self, package: str) -> str:
        """Of a Debian package in it, without Debian's own revision."""
        for line in (self.folder / "packages.txt").read_text().splitlines():
            name, _, version = line.partition("\t")
            if name.partition(":")[0] == package:
                return version.rpartition("-")[0].partition("~")[0].partition("+")[0]
        raise LookupError(package)


def root_image() -> RootImage:
    """From the cache, where it is named by what it is made of; Debian's own updates do not renew it."""
    recipe = (guest.SUITE, guest.PACKAGES, guest.FILES, guest.ENABLED, guest.DISABLED)
    words = f"{recipe} {inspect.getsource(_make_root)} {inspect.getsource(_write_initramfs)}"
    image = RootImage(cache_root() / f"node-root-{_digest(words)}")
    with locked(cache_root() / "nodes.lock", "making the disks of a node"):
        if not image.folder.exists():
            _make_root(image.folder)
        _used(image.folder, "node-root-*")
    return image


def folder_image(label: str, folder: Path) -> Path:
    """A disk with the files of a folder; made anew when any of them is another than before."""
    files = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in sorted(folder.iterdir())]
    contexts = selinux.of_programs(folder)
    target = cache_root() / f"node-{label}-{_digest(f'{folder} {files} {contexts}')}.ext4"
    with locked(cache_root() / "nodes.lock", "making the disks of a node"):
        if not target.exists():
            say(f"making the disk of {label}")
            partial = target.with_suffix(".partial")
            size = sum(size for _, size, _ in files)
            filesystem(folder, partial, f"dshell-{label}", size + size // 8 + 32 * _MIB, contexts)
            partial.rename(target)
        _used(target, f"node-{label}-*")
    return target


def filesystem(folder: Path, target: Path, label: str, size: int, contexts: dict[str, str] | None = None) -> None:
    """`contexts` are SELinux's, by path; without, the files have those that they have in the folder."""
    target.unlink(missing_ok=True)
    words = ["-q", "-F", "-t", "ext4", "-L", label, "-d", str(folder), "-O", "^has_journal", "-m", "0"]
    run("mke2fs", *words, target, f"{size // 1024}k", env=_environment())
    if contexts:
        _set_contexts(target, contexts)


def _set_contexts(image: Path, contexts: dict[str, str]) -> None:
    """In the disk alone: on this machine the files may have labels of its own."""
    requests = [f'ea_set "{path}" {selinux.ATTRIBUTE} {context}\n' for path, context in contexts.items()]
    with tempfile.NamedTemporaryFile("w", suffix=".debugfs") as script:
        script.writelines(requests)
        script.flush()
        run("debugfs", "-w", "-f", script.name, image, env=_environment())


def _used(image: Path, others: str) -> None:
    """Now: it is kept, and what nobody has used for a while goes. A node that runs has its disks open, and keeps them."""
    os.utime(image)
    for other in cache_root().glob(others):
        if other != image and time.time() - other.stat().st_mtime > _KEPT_SECONDS:
            shutil.rmtree(other) if other.is_dir() else other.unlink()


def _make_root(target: Path) -> None:
    say(f"making the root image of the nodes (Debian {guest.SUITE}; one to two minutes)")
    for stale in target.parent.glob("node-making-*"):  # of one that was killed: we hold the lock
        shutil.rmtree(stale)
    work = _scratch(target.parent)
    root, out = work / "root", work / "out"
    out.mkdir()
    options = ["--variant=minbase", "--mode=root", "--quiet", f"--include={','.join(guest.PACKAGES)}"]
    keyring = "--keyring=/usr/share/keyrings/debian-archive-keyring.gpg"
    _write_initramfs(work / "initramfs")  # before the kernel's own script makes the initrd
    initrd = f"--setup-hook=mkdir -p $1/etc/initramfs-tools && cp -r {work}/initramfs/. $1/etc/initramfs-tools/"
    within = ("timeout", "--kill-after=10", _DEADLINE)
    run(*within, "mmdebstrap", *options, keyring, initrd, guest.SUITE, root, *_mirror(), env=_environment())
    for path, content in guest.FILES.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    for folder in guest.FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for profile in (root / "etc/apparmor.d").iterdir():
        # of desktop programs: compiling them takes longer than all else, and runtimes bring their own
        if profile.is_file():
            profile.unlink()
    run("systemctl", f"--root={root}", "enable", *guest.ENABLED)
    run("systemctl", f"--root={root}", "mask", *guest.DISABLED)
    run("chroot", root, "semodule", "-n", "-s", "default", "-i", f"/{selinux.MODULE}", env=_environment())
    run("chroot", root, "setfiles", "-F", selinux.FILE_CONTEXTS, "/", env=_environment())  # mke2fs keeps them
    (vmlinuz,) = (root / "boot").glob("vmlinuz-*")
    (initial,) = (root / "boot").glob("initrd.img-*")
    shutil.copy(vmlinuz, out / "vmlinuz")
    shutil.copy(initial, out / "initrd")
    (out / "kernel").write_text(vmlinuz.name.partition("-")[2] + "\n")
    (out / "packages.txt").write_text(run("dpkg-query", f"--admindir={root}/var/lib/dpkg", "-W"))
    filesystem(root, out / "root.ext4", "dshell-root", _ROOT_SIZE)
    out.rename(target)
    shutil.rmtree(work)


def _scratch(parent: Path) -> Path:
    return parent.__class__(tempfile.mkdtemp(dir=parent, prefix="node-making-"))


def _mirror() -> list[str]:
    """The one this machine uses, as apt tells it; none, and mmdebstrap has its own."""
    asked = ["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages"]
    told = subprocess.run(asked, check=False, capture_output=True, text=True).stdout.split()
    debian = [site for site in told if site.rstrip("/").endswith("/debian")]
    return debian[:1]


def _write_initramfs(folder: Path) -> None:
    """Only what brings up the disk: a small one starts faster."""
    (folder / "conf.d").mkdir(parents=True)
    (folder / "conf.d/dshell").write_text("MODULES=list\nCOMPRESS=zstd\nRESUME=none\n")
    (folder / "modules").write_text("virtio_pci\nvirtio_blk\next4\n")


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}
