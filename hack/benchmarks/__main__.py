"""`python -m hack.benchmarks [RUNS]`: kubectl dshell beside kubectl debug and kubectl exec, interleaved, pair by pair."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.e2e.cluster import Cluster
from tests.e2e.pods import Pod, app, pod_manifest
from tests.e2e.terminal import TerminalSession

if TYPE_CHECKING:
    from collections.abc import Callable

NAMESPACE = "dshell-bench"
IMAGE = "busybox:1.37"


class Pair(NamedTuple):
    """What is measured: ours and theirs each take a fresh pod and return seconds."""

    name: str
    ours: Callable[[Bench, Pod], float]
    theirs: Callable[[Bench, Pod], float]


class Bench:
    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster = cluster
        self.folder = folder
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TERM": "xterm",
            "LANG": "C.UTF-8",
            "KUBECONFIG": str(cluster.kubeconfig),
        }
        script = Path(sys.executable).with_name("kubectl-dshell")
        self.dshell = [str(script)] if script.exists() else [sys.executable, "-m", "kubectl_dshell"]
        self.kubectl = [shutil.which(cluster.kubectl_program) or cluster.kubectl_program]

    def fresh_pod(self, name: str) -> Pod:
        tools = app(IMAGE, "1000000", name="tools", command=["sleep"])
        self.cluster.apply(pod_manifest(name, app(), tools), namespace=NAMESPACE)
        pod = Pod(self.cluster, NAMESPACE, name)
        pod.wait_ready()
        return pod

    def answered(self, command: list[str]) -> float:
        """Seconds from the start of the program until a line typed at once is answered."""
        began = time.monotonic()
        with TerminalSession(command, self.env, self.folder) as session:
            session.send("echo $((40+2))\n")
            session.expect(r"(?m)^42\s", 60)
            took = time.monotonic() - began
            session.send("exit\n")
            session.wait()
        return took

    def ran(self, command: list[str]) -> float:
        began = time.monotonic()
        done = subprocess.run(command, env=self.env, check=False, stdin=subprocess.DEVNULL, capture_output=True)
        took = time.monotonic() - began
        if done.returncode:
            sys.exit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.decode()}")
        return took

    def where(self, pod: Pod, container: str) -> list[str]:
        return ["-n", NAMESPACE, pod.name, "-c", container]


def debug(bench: Bench, pod: Pod, *command: str) -> list[str]:
    attach = "-it" if command == ("sh",) else "-i"
    flags = ["--image", IMAGE, "--target", "app", "--profile", "general", "--quiet"]
    return [*bench.kubectl, "debug", attach, "-n", NAMESPACE, pod.name, *flags, "--", *command]


def warm(bench: Bench, pod: Pod) -> float:
    """With a debug container there already (--keep)."""
    command = [*bench.dshell, *bench.where(pod, "app"), "--keep", "10m", "--", "true"]
    bench.ran(command)
    return bench.ran(command)


PAIRS = (
    Pair(
        "answered prompt / kubectl debug -it",
        lambda b, pod: b.answered([*b.dshell, *b.where(pod, "app")]),
        lambda b, pod: b.answered(debug(b, pod, "sh")),
    ),
    Pair(
        "-- true, first on a pod / kubectl debug -i",
        lambda b, pod: b.ran([*b.dshell, *b.where(pod, "app"), "--", "true"]),
        lambda b, pod: b.ran(debug(b, pod, "true")),
    ),
    Pair(
        "-- true, reused / kubectl exec",
        warm,
        lambda b, pod: b.ran([*b.kubectl, "exec", *b.where(pod, "tools"), "--", "true"]),
    ),
)


def main(runs: int) -> None:
    cluster = Cluster(
        kubeconfig=Path(os.environ["DSHELL_E2E_KUBECONFIG"]),
        kubectl_program=os.environ.get("DSHELL_E2E_KUBECTL", "kubectl"),
        audit_log=None,
    )
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    try:
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(cluster, Path(folder))
            print(f"{'ratio, median of ' + str(runs):45} {'ratio':>6} {'ours':>8} {'theirs':>8}")
            for number, pair in enumerate(PAIRS):
                ours, theirs = [], []
                for run in range(runs):
                    ours.append(pair.ours(bench, bench.fresh_pod(f"ours-{number}-{run}")))
                    theirs.append(pair.theirs(bench, bench.fresh_pod(f"theirs-{number}-{run}")))
                ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
                mine, other = statistics.median(ours), statistics.median(theirs)
                print(f"{pair.name:45} {ratio:6.2f} {mine:7.3f}s {other:7.3f}s", flush=True)
    finally:
        cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false", check=False)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
