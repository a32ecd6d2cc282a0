"""The versions of Kubernetes that a node can be of: the project's own, and an older one for its control plane and kubelet."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import time
from pathlib import Path

from hack.cluster.build import MODULES, build, compile_programs
from hack.cluster.build import pinned as pinned_in
from hack.cluster.errors import ClusterError
from hack.cluster.layout import cache_root
from hack.cluster.lock import locked
from hack.cluster.packages import BUILD, ensure
from hack.cluster.toolchain import PINS, go

from .said import say

_OLDER = Path(__file__).with_name("go")
_KUBERNETES = next(module for module in MODULES if module.name == "kubernetes")
_KEPT_SECONDS = 3600.0


def versions() -> dict[str, Path]:
    """By their first two numbers, newest first: the folder with its go.mod."""
    folders = (PINS / "kubernetes", *_OLDER.glob("kubernetes-*"))
    found = {_minor(pinned(folder)): folder for folder in folders}
    return dict(sorted(found.items(), key=lambda item: [int(word) for word in item[0].split(".")], reverse=True))


def own() -> str:
    """The version that the project's own cluster has, as `1.36`."""
    return _minor(pinned(PINS / "kubernetes"))


def exact(version: str) -> str:
    """As `1.36.3`; raises ClusterError for one that there is none of."""
    return pinned(_folder(version)).removeprefix("v")


def pinned(folder: Path) -> str:
    return pinned_in(folder, "k8s.io/kubernetes")


def programs(version: str) -> Path:
    """A folder with everything a cluster of this version runs; compiled when the cache has it not."""
    folder = _folder(version)
    ours = build()
    if version == own():
        return ours
    content = b"".join(file.read_bytes() for file in sorted(folder.iterdir()))
    digest = hashlib.sha256(f"{ours.name} ".encode() + content).hexdigest()[:16]
    target = cache_root() / f"node-kubernetes-{version}-{digest}"
    with locked(cache_root() / "nodes-build.lock", f"compiling Kubernetes {version}"):
        if not target.exists():
            _make(target, folder, ours)
        os.utime(target)
        for other in cache_root().glob(f"node-kubernetes-{version}-*"):
            if other != target and time.time() - other.stat().st_mtime > _KEPT_SECONDS:
                shutil.rmtree(other)
    return target


def _make(target: Path, folder: Path, ours: Path) -> None:
    say(f"compiling Kubernetes {pinned(folder)} (ten minutes, once)")
    ensure(BUILD)
    compiler = go()
    for stale in target.parent.glob("node-compiling-*"):
        shutil.rmtree(stale)
    work = Path(tempfile.mkdtemp(dir=target.parent, prefix="node-compiling-"))
    work.chmod(0o755)
    for file in ours.iterdir():
        if file.name not in _KUBERNETES.programs:
            os.link(file, work / file.name)
    compile_programs(compiler, _KUBERNETES, folder, work)
    work.rename(target)


def _folder(version: str) -> Path:
    every = versions()
    if version not in every:
        raise ClusterError(f"no Kubernetes {version}: {', '.join(every)}")
    return every[version]


def _minor(version: str) -> str:
    match = re.match(r"v(\d+\.\d+)\.", version)
    assert match
    return match[1]
