"""The binaries of a cluster, compiled from the modules pinned in `go/` into the cache."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .command import run
from .layout import cache_root
from .lock import locked
from .packages import BUILD, ensure
from .progress import about, clock, step
from .toolchain import PINS, go


@dataclass(frozen=True, slots=True)
class Module:
    """`programs`: the file name of each, and its Go package ("." is the module's own)."""

    name: str
    programs: dict[str, str]
    tags: str = ""
    cgo: bool = False


_CONTAINERD = "github.com/containerd/containerd/v2/cmd"
_CNI = "github.com/containernetworking/plugins/plugins"
MODULES = (
    # kubectl on its own too: the big binary starts slower than the kubectl that people have.
    Module("kubernetes", {"kubernetes": ".", "kubectl": "k8s.io/kubernetes/cmd/kubectl"}),
    Module("etcd", {"etcd": "."}),
    Module(
        "containerd",
        {program: f"{_CONTAINERD}/{program}" for program in ("containerd", "containerd-shim-runc-v2", "ctr")},
        tags="no_btrfs,no_devmapper,no_zfs",
    ),
    Module("runc", {"runc": "github.com/opencontainers/runc"}, tags="seccomp", cgo=True),
    Module(
        "cni",
        {
            "bridge": f"{_CNI}/main/bridge",
            "loopback": f"{_CNI}/main/loopback",
            "host-local": f"{_CNI}/ipam/host-local",
        },
    ),
)

# The linker leaves out what debuggers read (-s -w); not to generate it saves a tenth of the compiler's time.
_COMPILER = "all=-dwarf=false"

# Seconds with nothing in Go's caches, on two processors that had nothing else to do.
_GUESSES = {"kubernetes": 335, "etcd": 47, "containerd": 80, "runc": 15, "cni": 10}


def binaries() -> Path:
    """The folder of the compiled programs, named by what they were compiled from; it may not exist yet."""
    sources = [file for file in sorted(PINS.rglob("*")) if file.is_file()]
    words = repr(MODULES).encode() + b"".join(file.read_bytes() for file in sources)
    return cache_root() / f"bin-{hashlib.sha256(words).hexdigest()[:16]}"


def build() -> Path:
    """Compile what the cache does not have yet: minutes when all is cold, and needs the network then."""
    target = binaries()
    if target.exists():
        return target
    with locked(cache_root() / "build.lock", "compiling Kubernetes"):
        if not target.exists():
            ensure(BUILD)
            compiler = go()
            for stale in target.parent.glob("building-*"):  # of a build that was killed: we hold the lock
                shutil.rmtree(stale)
            work = Path(tempfile.mkdtemp(dir=target.parent, prefix="building-"))
            work.chmod(0o755)
            _announce()
            for number, module in enumerate(MODULES, start=1):
                what = f"building {module.name} ({number} of {len(MODULES)})"
                with step(what, kind=f"build {module.name}", guess=_GUESSES[module.name]):
                    compile_programs(compiler, module, PINS / module.name, work)
            work.rename(target)
    return target


def _announce() -> None:
    seconds = sum(about(f"build {name}", guess) for name, guess in _GUESSES.items())
    print(
        f"compiling the cluster's programs, once for this version: about {clock(seconds)}", file=sys.stderr, flush=True
    )


def pinned(folder: Path, dependency: str) -> str:
    """The version of a dependency in the go.mod of this folder, as `v1.2.3`."""
    text = (folder / "go.mod").read_text()
    match = re.search(rf"^\s*(?:require\s+)?{re.escape(dependency)} (v\S+)", text, re.MULTILINE)
    if match is None:
        raise LookupError(dependency)
    return match[1]


def compile_programs(compiler: Path, module: Module, folder: Path, target: Path) -> None:
    """Those of the module whose go.mod is in `folder`, into `target`."""
    environment = {
        **os.environ,
        "CGO_ENABLED": "1" if module.cgo else "0",
        "GOFLAGS": "-mod=readonly -buildvcs=false -trimpath",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }
    linker = "-s -w"
    if module.name == "kubernetes":
        version = pinned(folder, "k8s.io/kubernetes")
        for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"):
            linker += f" -X {package}.gitVersion={version}"
    for program, package in module.programs.items():
        words = ["-gcflags", _COMPILER, "-ldflags", linker, "-tags", module.tags, "-o", str(target / program), package]
        run(compiler, "build", *words, cwd=folder, env=environment)
