"""The cluster as a test sees it: kubectl, and JSON."""

from __future__ import annotations

import base64
import functools
import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.waiting import patient

from .api import api

if TYPE_CHECKING:
    from pathlib import Path

    from .api import Api

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster, seen as its administrator.

    `audit_log` is the API server's log, JSON lines, where the harness has one.
    """

    kubeconfig: Path
    kubectl_program: str = "kubectl"
    audit_log: Path | None = None

    @property
    def api(self) -> Api:
        return api(self.kubeconfig)

    def kubectl(
        self, *args: str, stdin: str = "", timeout: float = 60, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl; AssertionError with its own words when it fails and `check` is set."""
        command = [self.kubectl_program, "--kubeconfig", str(self.kubeconfig), *args]
        done = subprocess.run(
            command, input=stdin, capture_output=True, text=True, timeout=patient(timeout), check=False
        )
        if check and done.returncode:
            raise AssertionError(f"kubectl {' '.join(args)}: {done.stderr.strip()}")
        return done

    def get(self, *args: str) -> Json:
        found: Json = json.loads(self.kubectl("get", "-o", "json", *args).stdout)
        return found

    def apply(self, *manifests: Json, namespace: str = "default") -> None:
        items = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
        self.kubectl("apply", "-n", namespace, "-f", "-", stdin=json.dumps(items))

    def connection(self) -> Json:
        """The current context's `cluster` entry, certificates inlined."""
        entry: Json = _config(self)["clusters"][0]["cluster"]
        return entry

    def credentials(self) -> Json:
        """The current context's `user` entry, certificates inlined."""
        entry: Json = _config(self)["users"][0]["user"]
        return entry

    def address(self) -> tuple[str, int]:
        """Host and port of the API server."""
        server = urlsplit(self.connection()["server"])
        assert server.hostname
        return server.hostname, server.port or 443

    def certificate_authority(self) -> str:
        """The PEM text that the API server's certificate is checked with."""
        return base64.b64decode(self.connection()["certificate-authority-data"]).decode()


@functools.cache
def _config(cluster: Cluster) -> Json:
    seen = cluster.kubectl("config", "view", "--raw", "--flatten", "--minify", "-o", "json")
    config: Json = json.loads(seen.stdout)
    return config


def write_kubeconfig(path: Path, cluster: Json, user: Json, namespace: str) -> Path:
    """A kubeconfig with one context; JSON is YAML."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": "test", "user": user}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test", "namespace": namespace}}],
    }
    path.write_text(json.dumps(config))
    return path
