"""A control plane without nodes: a store and an API server, for as many pods as the disk holds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hack.cluster import pki, ports
from hack.cluster.build import build
from hack.cluster.components import commands
from hack.cluster.layout import Layout
from tests.e2e.cluster import Cluster
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 120.0
_LARGEST_STORE = 8 << 30
_COMPONENTS = ("etcd", "kube-apiserver")


@contextmanager
def control_plane() -> Iterator[Cluster]:
    """Its admin's cluster; gone afterwards. KUBECONFIG leads programs to it.

    Nothing makes service accounts, so that pods need none; everything else is as in the cluster of `make test`.
    """
    binaries = Path(os.environ.get("DSHELL_BENCH_BINARIES") or build())
    with tempfile.TemporaryDirectory(prefix="dshell-bench-", ignore_cleanup_errors=True) as folder, ExitStack() as ends:
        here, chosen = Layout("bench", Path(folder)), ports.pick()
        here.folder.mkdir()
        pki.write(here, chosen.apiserver)
        for name in _COMPONENTS:
            words = [word for word in commands(here, chosen, binaries)[name] if not word.startswith("--audit-")]
            words += _more(name)
            log = ends.enter_context(Path(folder, f"{name}.log").open("wb"))
            process = subprocess.Popen(["setpriv", "--pdeathsig=KILL", *words], stdout=log, stderr=log)
            ends.callback(process.wait)
            ends.callback(process.kill)
        os.environ["KUBECONFIG"] = str(here.kubeconfig)
        own = binaries / "kubectl"
        cluster = Cluster(
            kubeconfig=here.kubeconfig,
            kubectl_program=str(own) if own.exists() else shutil.which("kubectl") or sys.exit("there is no kubectl"),
        )
        wait_until(lambda: not cluster.kubectl("get", "--raw=/readyz", check=False).returncode, SECONDS, "ready")
        yield cluster


def _more(component: str) -> list[str]:
    if component == "etcd":
        return [f"--quota-backend-bytes={_LARGEST_STORE}"]
    return ["--disable-admission-plugins=ServiceAccount", "--max-requests-inflight=400"]
