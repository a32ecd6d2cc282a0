"""What every benchmark needs: a namespace in the cluster, the two programs, and what a run of one costs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from tests.e2e.cluster import Cluster
from tests.waiting import wait_until


class Cost(NamedTuple):
    """Of the client and the processes it waited for."""

    seconds: float
    cpu: float
    megabytes: float
    """Its memory at its highest (RSS)."""


@contextmanager
def namespace(name: str) -> Iterator[Cluster]:
    """The cluster, with a namespace that is deleted afterwards; KUBECONFIG leads programs to it."""
    cluster = Cluster(
        kubeconfig=Path(os.environ["DSHELL_E2E_KUBECONFIG"]),
        kubectl_program=os.environ.get("DSHELL_E2E_KUBECTL", "kubectl"),
    )
    os.environ["KUBECONFIG"] = str(cluster.kubeconfig)
    cluster.kubectl("delete", "namespace", name, "--ignore-not-found", timeout=300)  # a last one may be on its way out
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    account = ("get", "serviceaccount", "default", "-n", name)  # a pod made before it is refused
    wait_until(lambda: cluster.kubectl(*account, check=False).returncode == 0, 60, "the namespace's service account")
    try:
        yield cluster
    finally:
        cluster.kubectl("delete", "namespace", name, "--wait=false", check=False)


def dshell() -> list[str]:
    script = Path(sys.executable).with_name("kubectl-dshell")
    return [str(script)] if script.exists() else [sys.executable, "-m", "kubectl_dshell"]


def kubectl(cluster: Cluster) -> str:
    return shutil.which(cluster.kubectl_program) or cluster.kubectl_program


def end(process: subprocess.Popen[str] | subprocess.Popen[bytes], began: float) -> Cost:
    """Waits for a process that was started at `began`; its exit code is in `returncode` afterwards."""
    with process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def require(process: subprocess.Popen[bytes], code: int) -> None:
    """Ends the benchmark if `process` did not end with this exit code."""
    if process.returncode != code:
        sys.exit(f"{process.args!r} ended with {process.returncode}")
