"""`python -m hack.benchmarks.startup [RUNS]`: CPU time of short commands beside kubectl, the least of RUNS of each.

The least, because everything else that a machine does only adds to it; round by round, because it changes.
"""

from __future__ import annotations

import subprocess
import sys
from time import monotonic

from hack.benchmarks.measure import Cost, dshell, end, kubectl, namespace, require
from tests.e2e.cluster import Cluster
from tests.e2e.pods import Pod, app, pod_manifest

NAMESPACE = "dshell-bench-startup"
IMAGE = "busybox:1.37"
KEEP = ["--keep", "10m"]


def ran(command: list[str]) -> Cost:
    began = monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    cost = end(process, began)
    require(process, 0)
    return cost


def pairs(cluster: Cluster) -> dict[str, tuple[list[str], list[str]]]:
    """Ours and kubectl's, by name."""
    ours, theirs, where = dshell(), [kubectl(cluster)], ["-n", NAMESPACE]
    return {
        "python -c pass / kubectl version --client": ([sys.executable, "-c", "pass"], [*theirs, "version", "--client"]),
        "--version / kubectl version --client": ([*ours, "--version"], [*theirs, "version", "--client"]),
        "--help / kubectl --help": ([*ours, "--help"], [*theirs, "--help"]),
        "ls --help / kubectl get --help": ([*ours, "ls", "--help"], [*theirs, "get", "--help"]),
        "ls / kubectl get pods": ([*ours, "ls", *where], [*theirs, "get", "pods", *where]),
        "-- true, reused / kubectl exec": (
            [*ours, "web", *where, *KEEP, "--", "true"],
            [*theirs, "exec", "web", *where, "-c", "tools", "--", "true"],
        ),
    }


def main(runs: int) -> None:
    with namespace(NAMESPACE) as cluster:
        tools = app(IMAGE, "1000000", name="tools", command=["sleep"])
        cluster.apply(pod_manifest("web", app(), tools), namespace=NAMESPACE)
        Pod(cluster, NAMESPACE, "web").wait_ready()
        ran([*dshell(), "web", "-n", NAMESPACE, *KEEP, "--", "true"])
        print(f"{'CPU, least of ' + str(runs):45} {'ratio':>6} {'ours':>8} {'theirs':>8}")
        for name, pair in pairs(cluster).items():
            rounds = [[ran(command).cpu * 1000 for command in pair] for _ in range(runs)]
            ours, theirs = (min(times) for times in zip(*rounds, strict=True))
            print(f"{name:45} {ours / theirs:6.2f} {ours:6.0f}ms {theirs:6.0f}ms", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
