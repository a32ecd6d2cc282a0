"""Which cluster the demo and the tests run on: one that was named, else kind's, else the one that we build.

The user's own current context is never looked at.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from . import kind, lifecycle
from .archives import archives
from .build import binaries
from .errors import ClusterError
from .layout import Layout, layout, layout_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping


class Maker(StrEnum):
    NAMED = "named in DSHELL_E2E_KUBECONFIG"
    KIND = "made by kind"
    OURS = "built by this project"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A cluster to test on. `audit_log` is None when it has none that can be read here."""

    maker: Maker
    kubeconfig: Path
    kubectl: str
    audit_log: Path | None = None
    ours: Layout | None = None

    def load(self, files: Iterable[Path]) -> None:
        """Bring OCI image archives onto its nodes; a named cluster takes them by the command of DSHELL_E2E_LOAD."""
        files = list(files)
        match self.maker:
            case Maker.OURS if self.ours:
                lifecycle.load_images(self.ours, files)
            case Maker.KIND:
                kind.load(files)
            case Maker.NAMED | Maker.OURS:
                _load_by_command(files)
            case _:
                assert_never(self.maker)

    def environment(self) -> dict[str, str]:
        """What tells the tests, and what keeps every kubectl of theirs away from other clusters."""
        told = {
            "KUBECONFIG": str(self.kubeconfig),
            "DSHELL_E2E_KUBECONFIG": str(self.kubeconfig),
            "DSHELL_E2E_KUBECTL": self.kubectl,
        }
        return told | ({"DSHELL_E2E_AUDIT_LOG": str(self.audit_log)} if self.audit_log else {})


def choose(environment: Mapping[str, str] = os.environ, only: Collection[str] = ()) -> Chosen:
    """The cluster, up and with the test images; raises ClusterError with what to install when there is none.

    `only` names the archives of the images that are wanted; none is all.
    """
    if named := environment.get("DSHELL_E2E_KUBECONFIG"):
        chosen = _named(Path(named), environment)
        if chosen.maker is Maker.NAMED:
            chosen.load(_wanted(only) if environment.get("DSHELL_E2E_LOAD") else [])
        return chosen
    if kind.usable():
        kind.up()
        chosen = Chosen(Maker.KIND, kind.kubeconfig(), _kubectl(), kind.audit_log())
        chosen.load(_wanted(only))
        return chosen
    here = layout()
    lifecycle.up(here, only=only)
    return ours(here)


def ours(here: Layout) -> Chosen:
    return Chosen(Maker.OURS, here.kubeconfig, f"{binaries()}/kubectl", here.audit_log, here)


def _named(kubeconfig: Path, environment: Mapping[str, str]) -> Chosen:
    """A named cluster that is one of ours after all keeps what we know of it."""
    if not kubeconfig.is_file():
        raise ClusterError(f"DSHELL_E2E_KUBECONFIG={kubeconfig}: no such file")
    if here := layout_of(kubeconfig):
        lifecycle.renew_images(here)
        return ours(here)
    log = environment.get("DSHELL_E2E_AUDIT_LOG")
    kubectl = environment.get("DSHELL_E2E_KUBECTL") or _kubectl()
    return Chosen(Maker.NAMED, kubeconfig, kubectl, Path(log) if log else None)


def _wanted(only: Collection[str]) -> list[Path]:
    return [file for file in archives() if not only or file.stem in only]


def _kubectl() -> str:
    """The machine's, else the one that we have built."""
    found = shutil.which("kubectl")
    if found is None and not (binaries() / "kubectl").exists():
        raise ClusterError("no kubectl on PATH: the tests compare with it; install it")
    return found or f"{binaries()}/kubectl"


def _load_by_command(files: list[Path]) -> None:
    command = os.environ.get("DSHELL_E2E_LOAD")
    if command is None:
        names = "its nodes must have the test images already (DSHELL_E2E_LOAD='COMMAND' would load them)"
        print(f"the cluster in DSHELL_E2E_KUBECONFIG: {names}", file=sys.stderr)
        return
    subprocess.run([*shlex.split(command), *map(str, files)], check=True)
