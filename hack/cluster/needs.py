"""What a machine must have for a cluster that we build: looked at, and said in one list, before anything is built."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from . import toolchain
from .build import pinned
from .containers import snapshotter
from .errors import ClusterError
from .layout import cache_root
from .leftovers import cgroup_folders
from .packages import BUILD, IMAGES, NODE, lacking

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .layout import Layout

_GIB = 1 << 30
# Measured: compiling leaves 5.1 GB in Go's two caches, and its largest link holds 2.2 GB of memory.
_DISK_TO_BUILD, _DISK_OF_BINARIES, _DISK_OF_IMAGES, _DISK_OF_CLUSTER = 6 * _GIB, _GIB // 2, _GIB, 2 * _GIB
_MEMORY_TO_BUILD, _MEMORY_TO_RUN = 3 * _GIB, 3 * _GIB // 2
_CONTROLLERS = {"cpu", "cpuset", "memory"}
"""Without which the kubelet ends at once."""

_UNSHARE = ("unshare", "--mount", "--pid", "--net", "--fork")
_OVERLAY = "mount -t tmpfs dshell /mnt && cd /mnt && mkdir a b c d && mount -t overlay dshell -o lowerdir=a,upperdir=b,workdir=c d"
_FEATURES = {
    "namespaces for mounts, processes and the network": ("true",),
    "network bridges (CONFIG_BRIDGE)": ("ip", "link", "add", "name", "dshell0", "type", "bridge"),
    "virtual Ethernet pairs (CONFIG_VETH)": ("ip", "link", "add", "name", "dshell0", "type", "veth"),
    "overlay file systems (CONFIG_OVERLAY_FS)": ("sh", "-c", _OVERLAY),
}
"""What the kernel may lack, and how it is tried: in namespaces of its own, which take everything with them."""


def require(layout: Layout, *, programs: bool, images: bool) -> None:
    """Raises ClusterError with all that is missing to start this cluster, and to build its programs and images."""
    if reason := unfit():
        raise ClusterError(reason)
    found = [*_user(), *_packages(programs=programs, images=images), *_disk(layout, programs=programs, images=images)]
    found += [*_memory(programs=programs), *_control_groups(layout), *_kernel(layout)]
    if programs:
        found += toolchain.missing(f"k8s.io/kubernetes@{pinned(toolchain.PINS / 'kubernetes', 'k8s.io/kubernetes')}")
    if found:
        lines = "".join(f"\n  - {one}" for one in found)
        raise ClusterError(f"this machine lacks what the cluster needs; nothing was built or started:{lines}\n{_ELSE}")


_ELSE = "Instead of all this: Docker with kind, or the kubeconfig of a cluster in DSHELL_E2E_KUBECONFIG."


def unfit() -> str:
    """Why no cluster of ours can be on this machine, whatever is installed; "" when it can."""
    if sys.platform == "linux":
        return ""
    return f"the cluster that this project builds is for Linux, not for {sys.platform}. {_ELSE}"


def _user() -> Iterator[str]:
    if os.geteuid() != 0:
        yield "root: it makes namespaces, mounts and control groups; type the same with sudo, or as root"


def _packages(*, programs: bool, images: bool) -> Iterator[str]:
    wanted = [*NODE, *(BUILD if programs else ()), *(IMAGES if images else ())]
    yield from lacking(tuple(dict.fromkeys(wanted)))


def _disk(layout: Layout, *, programs: bool, images: bool) -> Iterator[str]:
    wanted = [(layout.folder, _DISK_OF_CLUSTER)]
    if programs:
        caches = toolchain.caches()
        wanted += [(cache_root(), _DISK_OF_BINARIES), *((one, _DISK_TO_BUILD // len(caches)) for one in caches)]
    if images:
        wanted += [(cache_root(), _DISK_OF_IMAGES)]
    for short in too_small(wanted):
        yield f"{short}; make room, or set DSHELL_CLUSTER_CACHE, DSHELL_CLUSTER_STATE and GOCACHE to folders elsewhere"


def too_small(wanted: Iterable[tuple[Path, int]]) -> Iterator[str]:
    """Of folders, there already or not, and the bytes for each: by file system, for they may be on one."""
    sizes: dict[int, int] = defaultdict(int)
    folders: dict[int, list[Path]] = defaultdict(list)
    for folder, size in wanted:
        device = _existing(folder).stat().st_dev
        sizes[device] += size
        folders[device].append(folder)
    for device, size in sizes.items():
        free = shutil.disk_usage(_existing(folders[device][0])).free
        if free < size:
            names = ", ".join(dict.fromkeys(map(str, folders[device])))
            yield f"disk space: {_gigabytes(size)} for {names}, where {_gigabytes(free)} are free"


def _memory(*, programs: bool) -> Iterator[str]:
    needed = _MEMORY_TO_BUILD if programs else _MEMORY_TO_RUN
    free = available(Path("/proc/meminfo").read_text())
    if free < needed:
        use = "to compile Kubernetes" if programs else "to run Kubernetes"
        yield f"memory: {_gigabytes(needed)} {use}, and {_gigabytes(free)} are free; end what uses it, or add swap space"


def available(meminfo: str) -> int:
    """Bytes that programs can still have, of the text of /proc/meminfo."""
    fields = dict(line.split(":") for line in meminfo.splitlines())
    return sum(int(fields[name].split()[0]) for name in ("MemAvailable", "SwapFree")) * 1024


def _control_groups(layout: Layout) -> Iterator[str]:
    mountinfo = Path("/proc/self/mountinfo").read_text()
    parents = [folder.parent for folder in cgroup_folders(layout, mountinfo)]
    if missing := _CONTROLLERS - controllers(mountinfo):
        yield (
            f"control groups with {', '.join(sorted(missing))}: mount them below /sys/fs/cgroup, or enable them "
            "with the kernel's parameter cgroup_enable="
        )
    if closed := [str(parent) for parent in parents if not os.access(parent, os.W_OK)]:
        yield (
            f"control groups to write to: {', '.join(closed)} cannot be written; in a container, start it with "
            "--privileged --cgroupns=host"
        )


def controllers(mountinfo: str) -> set[str]:
    """Of version 1, which are options of mounts, and of version 2, which are listed in a file."""
    found: set[str] = set()
    for line in mountinfo.splitlines():
        place, _, rest = line.partition(" - ")
        kind, _, options = rest.split(" ")[:3]  # the source in between may be empty
        if kind == "cgroup":
            found.update(options.split(","))
        listed = Path(place.split()[4], "cgroup.controllers")
        if kind == "cgroup2" and listed.exists():
            found.update(listed.read_text().split())
    return found


def _kernel(layout: Layout) -> Iterator[str]:
    """Tried with programs of packages that may be missing: those are in the list then, and what they tell comes next."""
    if os.geteuid() != 0 or any(package.missing for package in NODE):
        return
    native = snapshotter(layout.folder, Path("/proc/self/mountinfo").read_text()) == "native"
    for feature, words in _FEATURES.items():
        if native and "overlay" in feature:
            continue
        tried = subprocess.run([*_UNSHARE, *words], check=False, capture_output=True, text=True)
        if tried.returncode != 0:
            yield f"in the kernel, {feature}: {' '.join(words)} says {(tried.stderr.strip() or 'no')!r}"


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _gigabytes(size: int) -> str:
    return f"{size / _GIB:.1f} GiB"
