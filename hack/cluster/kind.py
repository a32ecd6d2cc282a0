"""A cluster by kind, with a kubeconfig of its own and an audit log that can be read on this side."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .command import run
from .config import AUDIT_POLICY
from .layout import cache_root
from .lock import locked

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAME = "dshell-e2e"
_POLICY, _LOGS = "/etc/kubernetes/dshell/audit.json", "/var/log/dshell"
_PATIENCE = 20  # seconds for Docker to say that it is there


def usable() -> bool:
    """Whether kind is here, and a Docker that answers."""
    if shutil.which("kind") is None or shutil.which("docker") is None:
        return False
    try:
        asked = subprocess.run(["docker", "info"], check=False, capture_output=True, timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0


def folder() -> Path:
    return cache_root() / "kind"


def kubeconfig() -> Path:
    return folder() / "kubeconfig"


def audit_log() -> Path:
    return folder() / "audit.jsonl"


def up() -> None:
    """Make the cluster when there is none; DSHELL_KIND_IMAGE names the node image, else kind chooses."""
    with locked(cache_root() / "kind.lock", "starting the kind cluster"):
        if _NAME not in run("kind", "get", "clusters").split():
            _create()
        run("kind", "export", "kubeconfig", "--name", _NAME, "--kubeconfig", kubeconfig())


def load(archives: Iterable[Path]) -> None:
    for archive in archives:
        run("kind", "load", "image-archive", "--name", _NAME, archive)


def down() -> None:
    if _NAME in run("kind", "get", "clusters").split():
        run("kind", "delete", "cluster", "--name", _NAME, "--kubeconfig", kubeconfig())
    shutil.rmtree(folder(), ignore_errors=True)


def _create() -> None:
    print(f"creating the kind cluster {_NAME}", file=sys.stderr, flush=True)
    shutil.rmtree(folder(), ignore_errors=True)
    folder().mkdir(parents=True)
    # Made here, so that it belongs to us: the API server appends to what exists and makes what does not its own.
    audit_log().touch()
    (folder() / "audit.json").write_text(json.dumps(AUDIT_POLICY))
    configuration = folder() / "kind.json"
    configuration.write_text(json.dumps(_configuration(), indent=1))
    image = os.environ.get("DSHELL_KIND_IMAGE")
    chosen = ["--image", image] if image else []
    words = ["--name", _NAME, "--kubeconfig", str(kubeconfig()), "--config", str(configuration), "--wait", "180s"]
    run("kind", "create", "cluster", *words, *chosen)


def _configuration() -> dict[str, Any]:
    arguments = {"audit-policy-file": _POLICY, "audit-log-path": f"{_LOGS}/audit.jsonl"}
    node = {
        "role": "control-plane",
        # kind patches the document whose version matches: v1beta3 below Kubernetes 1.36, v1beta4 from there on.
        "kubeadmConfigPatches": [
            _patch("v1beta3", arguments),
            _patch("v1beta4", [{"name": name, "value": value} for name, value in arguments.items()]),
        ],
        "extraMounts": [
            {"hostPath": str(folder() / "audit.json"), "containerPath": _POLICY, "readOnly": True},
            {"hostPath": str(audit_log()), "containerPath": f"{_LOGS}/audit.jsonl"},
        ],
    }
    return {"kind": "Cluster", "apiVersion": "kind.x-k8s.io/v1alpha4", "nodes": [node]}


def _patch(version: str, arguments: object) -> str:
    volumes = [
        {"name": "dshell-policy", "hostPath": _POLICY, "mountPath": _POLICY, "readOnly": True, "pathType": "File"},
        {"name": "dshell-logs", "hostPath": _LOGS, "mountPath": _LOGS, "pathType": "Directory"},
    ]
    patch = {
        "apiVersion": f"kubeadm.k8s.io/{version}",
        "kind": "ClusterConfiguration",
        "apiServer": {"extraArgs": arguments, "extraVolumes": volumes},
    }
    return json.dumps(patch)
