"""`python -m hack.benchmarks.listing [PODS [RUNS]]`: ls -A beside kubectl get pods -A with 20 000 pods in the cluster.

The cluster is a control plane without nodes, made for it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from hack.benchmarks.control_plane import control_plane
from hack.benchmarks.crowd import api, create
from hack.benchmarks.measure import Cost, dshell, end, kubectl, require
from hack.benchmarks.report import add, add_alone, head

if TYPE_CHECKING:
    from kubectl_dshell.kube.rest.api import Api

NAMESPACE = "dshell-bench-ls"
CHANGES = 50
"""Of pods, in a second."""
CHANGERS = 5
SECONDS = 20


def ran(command: list[str]) -> Cost:
    """A command to its end, its output to nobody."""
    began = monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    cost = end(process, began)
    require(process, 0)
    return cost


def watched(command: list[str], server: Api) -> tuple[float, float, float]:
    """Seconds of a watch to its first line, the share of a core that it then takes, and its memory in MB."""
    began = monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    first = monotonic() - began
    over = threading.Event()
    changing = [threading.Thread(target=_change, args=(server, over, number)) for number in range(CHANGERS)]
    for thread in changing:
        thread.start()
    try:
        time.sleep(1)
        before, since = _processor_seconds(process.pid), monotonic()
        time.sleep(SECONDS)
        share = (_processor_seconds(process.pid) - before) / (monotonic() - since)
    finally:
        over.set()
        for thread in changing:
            thread.join()
    process.send_signal(signal.SIGINT)
    cost = end(process, began)
    require(process, 130)
    return first, share, cost.megabytes


def _change(server: Api, over: threading.Event, first: int) -> None:
    """Change pods without debug containers, as one of CHANGERS."""
    number, began = 0, monotonic()
    while not over.wait(max(0.0, began + number * CHANGERS / CHANGES - monotonic())):
        number += 1
        path = f"/api/v1/namespaces/{NAMESPACE}/pods/web-{(number % 100 * 10 + first + 1):05d}"
        server.patch(path, {"metadata": {"annotations": {"number": f"{first}-{number}"}}})
    print(f"{number / (monotonic() - began):.0f} changes a second", file=sys.stderr, flush=True)


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(pods: int, runs: int) -> None:
    with control_plane() as cluster:
        cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        server = api(str(cluster.kubeconfig))
        create(server, NAMESPACE, pods)
        measure(pods, runs, kubectl(cluster), server)


def measure(pods: int, runs: int, program: str, server: Api) -> None:
    """With KUBECONFIG set."""
    head(f"{pods} pods, median of {runs}")
    pairs = [(ran([*dshell(), "ls", "-A"]), ran([program, "get", "pods", "-A"])) for _ in range(runs)]
    for name, unit, goal, number in (("wall", "s", 0.25, 0), ("CPU", "s", None, 1), ("memory", "MB", None, 2)):
        mine, other = [ours[number] for ours, _ in pairs], [theirs[number] for _, theirs in pairs]
        add(f"ls -A / kubectl get pods -A: {name}", mine, other, unit, goal)
    first, share, megabytes = watched([*dshell(), "ls", "-A", "--watch", "-o", "json"], server)
    add_alone("ls -A --watch: first line", first, "s")
    add_alone(f"ls -A --watch: CPU with {CHANGES} changes a second", 100 * share, "%", 1)
    add_alone("ls -A --watch: memory", megabytes, "MB", 80)


if __name__ == "__main__":
    numbers = [*map(int, sys.argv[1:]), *(20000, 3)[len(sys.argv) - 1 :]]
    main(numbers[0], numbers[1])
