"""`python -m hack.benchmarks.listing [PODS [RUNS]]`: ls -A beside kubectl get pods -A with 20 000 pods in the cluster."""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import subprocess
import sys
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from hack.benchmarks.crowd import api, create
from tests.e2e.cluster import Cluster
from tests.waiting import wait_until

NAMESPACE = "dshell-bench-ls"


class Cost(NamedTuple):
    seconds: float
    megabytes: float


def ran(command: list[str]) -> Cost:
    """A command to its end, its output to nobody; the memory is the process's own at its highest (RSS)."""
    began = monotonic()
    return _over(subprocess.Popen(command, stdout=subprocess.DEVNULL), began, 0)


def watched(command: list[str]) -> Cost:
    """A watch to its first line and a little further, then Ctrl-C."""
    began = monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    seconds = monotonic() - began
    process.send_signal(signal.SIGINT)
    return Cost(seconds, _over(process, began, 130).megabytes)


def _over(process: subprocess.Popen[bytes], began: float, expected: int) -> Cost:
    with process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != expected:
        sys.exit(f"{process.args!r} ended with {process.returncode}")
    return Cost(monotonic() - began, used.ru_maxrss / 1024)


def main(pods: int, runs: int) -> None:
    cluster = Cluster(
        kubeconfig=Path(os.environ["DSHELL_E2E_KUBECONFIG"]),
        kubectl_program=os.environ.get("DSHELL_E2E_KUBECTL", "kubectl"),
    )
    os.environ["KUBECONFIG"] = str(cluster.kubeconfig)
    kubectl = shutil.which(cluster.kubectl_program) or cluster.kubectl_program
    script = Path(sys.executable).with_name("kubectl-dshell")
    dshell = [str(script)] if script.exists() else [sys.executable, "-m", "kubectl_dshell"]
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    try:
        account = ("get", "serviceaccount", "default", "-n", NAMESPACE)  # a pod made before it is refused
        wait_until(
            lambda: cluster.kubectl(*account, check=False).returncode == 0, 60, "the namespace's service account"
        )
        create(api(str(cluster.kubeconfig)), NAMESPACE, pods)
        pairs = [(ran([*dshell, "ls", "-A"]), ran([kubectl, "get", "pods", "-A"])) for _ in range(runs)]
        ratio = statistics.median(ours.seconds / theirs.seconds for ours, theirs in pairs)
        mine, other = (Cost(*map(statistics.median, zip(*costs, strict=True))) for costs in zip(*pairs, strict=True))
        print(f"{f'{pods} pods, median of {runs}':45} {'ratio':>6} {'ours':>16} {'theirs':>16}")
        print(f"{'ls -A / kubectl get pods -A':45} {ratio:6.2f} {_told(mine):>16} {_told(other):>16}")
        watch = watched([*dshell, "ls", "-A", "--watch", "-o", "json"])
        print(f"{'ls -A --watch, first line':45} {'':6} {_told(watch):>16}", flush=True)
    finally:
        cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false", check=False)


def _told(cost: Cost) -> str:
    return f"{cost.seconds:.2f}s {cost.megabytes:.0f} MB"


if __name__ == "__main__":
    numbers = [*map(int, sys.argv[1:]), *(20000, 3)[len(sys.argv) - 1 :]]
    main(numbers[0], numbers[1])
