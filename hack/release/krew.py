"""krew itself, compiled from its Go module, installs the directory from its manifest, without a network."""

from __future__ import annotations

import os
from pathlib import Path

from hack.cluster.toolchain import go

from .process import ReleaseError, run

_PINS = Path(__file__).with_name("go")
_PROGRAM = "sigs.k8s.io/krew/cmd/krew"


def build_krew(folder: Path) -> Path:
    """From the versions in go/go.mod; seconds, once Go has them in its caches."""
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"}
    run(go(), "build", "-o", folder / "kubectl-krew", _PROGRAM, cwd=_PINS, env={**environment, "GOTOOLCHAIN": "local"})
    return folder / "kubectl-krew"


def install(krew: Path, manifest: Path, archive: Path, root: Path) -> Path:
    """The program, as krew links it into the directory that its users have on PATH. Raises ReleaseError."""
    environment = {"PATH": os.defpath, "HOME": str(root), "KREW_ROOT": str(root / "krew"), "KREW_NO_UPGRADE_CHECK": "1"}
    root.mkdir(parents=True, exist_ok=True)
    run(krew, "install", "--manifest", manifest, "--archive", archive, env=environment)
    program = root / "krew/bin/kubectl-dshell"
    if not program.exists():
        raise ReleaseError(f"krew installed {manifest.name}, but there is no {program.name}")
    return program
