"""Where things are, and what they are called on this machine."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from .errors import ClusterError

PAUSE_IMAGE = "dshell.test/pause:1"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,19}")  # socket paths hold 107 bytes, and the name is in each


def cache_root() -> Path:
    """Binaries and images, shared by all clusters; losing it costs time only."""
    given = os.environ.get("DSHELL_CLUSTER_CACHE")
    xdg = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(given) if given else xdg / "dshell-cluster"


def state_root() -> Path:
    """The folder of all clusters' folders; it must be on a disk, for root alone to write."""
    return Path(os.environ.get("DSHELL_CLUSTER_STATE") or "/var/lib/dshell-cluster")


@dataclass(frozen=True, slots=True)
class Layout:
    """The folder, bridge and control group of one cluster."""

    name: str
    root: Path

    @property
    def folder(self) -> Path:
        return self.root / self.name

    @property
    def lock(self) -> Path:
        return self.root / f"{self.name}.lock"

    @property
    def record(self) -> Path:
        return self.folder / "record.json"

    @property
    def kubeconfig(self) -> Path:
        return self.folder / "kubeconfig"

    @property
    def pki(self) -> Path:
        return self.folder / "pki"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def audit_log(self) -> Path:
        return self.log / "audit.jsonl"

    @property
    def loaded(self) -> Path:
        """Holds the names of the archives that were loaded last, a line each."""
        return self.folder / "loaded"

    @property
    def containerd_socket(self) -> Path:
        return self.folder / "run/containerd.sock"

    @property
    def bridge(self) -> str:
        """An interface name holds 15 bytes: too few for the cluster's."""
        return f"dshell-{hashlib.sha256(str(self.folder).encode()).hexdigest()[:8]}"

    @property
    def cgroup(self) -> str:
        return f"dshell-{self.name}"


def layout(name: str | None = None) -> Layout:
    """The cluster of this name, else of DSHELL_CLUSTER_NAME, else "dshell"."""
    variable = "DSHELL_CLUSTER_NAME"
    return Layout(checked_name(name or os.environ.get(variable) or "dshell", variable), state_root())


def checked_name(name: str, variable: str) -> str:
    """Raises ClusterError for a name that cannot be in the path of a socket."""
    if not _NAME.fullmatch(name):
        raise ClusterError(f"{variable}={name!r} is no cluster name: at most 20 of a-z 0-9 -, a letter first")
    return name


def layout_of(kubeconfig: Path) -> Layout | None:
    """The cluster of ours whose own kubeconfig this is; None for any other file."""
    folder = kubeconfig.resolve().parent
    root = state_root()
    found = Layout(folder.name, root)
    return found if folder.parent == root.resolve() and kubeconfig.name == found.kubeconfig.name else None
