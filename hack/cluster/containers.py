"""Images into the cluster's containerd."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .command import run

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from .layout import Layout


def load(layout: Layout, binaries: Path, files: Iterable[Path], snapshotter: str) -> None:
    """Import OCI archives; a name that is there already then stands for the new image."""
    ctr = [f"{binaries}/ctr", "--address", str(layout.containerd_socket), "--namespace", "k8s.io"]
    for file in files:
        run(*ctr, "images", "import", "--local", "--snapshotter", snapshotter, file)


def snapshotter(folder: Path, mountinfo: str) -> str:
    """overlayfs, but for a folder that is on an overlay itself (in a container): the kernel refuses those."""
    kinds = {}
    for line in mountinfo.splitlines():
        place, _, kind = line.partition(" - ")
        kinds[place.split()[4]] = kind.split()[0]
    nearest = next(str(path) for path in (folder, *folder.parents) if str(path) in kinds)
    return "native" if kinds[nearest] == "overlay" else "overlayfs"
