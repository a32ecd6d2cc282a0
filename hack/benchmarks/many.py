"""`python -m hack.benchmarks.many [PODS [RUNS]]`: a command in many pods at once, beside kubectl debug 16 at a time."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from tests.e2e.cluster import Cluster, Json
from tests.e2e.pods import app
from tests.waiting import wait_until

NAMESPACE = "dshell-bench-many"
LABELS = {"app": "crowd"}
AT_A_TIME = 16
SECONDS = 600
FLAGS = ("--image", "busybox:1.37", "--target", "app", "--profile", "general", "--quiet")


class Cost(NamedTuple):
    seconds: float
    cpu: float
    """Of the clients alone, in seconds."""


def ran(command: list[str], words: str = "") -> Cost:
    """A command to its end, with `words` on its stdin; what it waited for counts as its own."""
    began = monotonic()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(words)
        process.stdin.close()
        answered = process.stdout.read().count("greeting: hello")
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    took = monotonic() - began
    print(f"  {Path(command[0]).name}: {took:.1f} s, {answered} answers, code {process.returncode}", file=sys.stderr)
    return Cost(took, used.ru_utime + used.ru_stime)


class Crowd:
    """A deployment whose pods are made anew for each round."""

    def __init__(self, cluster: Cluster, count: int) -> None:
        self._cluster = cluster
        self._count = count
        template = {"metadata": {"labels": LABELS}, "spec": {"containers": [app()], "terminationGracePeriodSeconds": 1}}
        spec = {"replicas": count, "selector": {"matchLabels": LABELS}, "template": template}
        crowd = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "crowd"}, "spec": spec}
        cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        cluster.apply(crowd, namespace=NAMESPACE)

    def renew(self) -> list[str]:
        """The names of pods that nobody has debugged."""
        self._cluster.kubectl("delete", "pod", "--all", "-n", NAMESPACE, timeout=SECONDS)
        return wait_until(self._fresh, SECONDS, f"{self._count} pods")

    def _fresh(self) -> list[str]:
        ready = [pod["metadata"]["name"] for pod in self._pods() if self._is_ready(pod)]
        return ready if len(ready) == self._count else []

    @staticmethod
    def _is_ready(pod: Json) -> bool:
        conditions = pod["status"].get("conditions", [])
        return "deletionTimestamp" not in pod["metadata"] and {"Ready"} <= {
            c["type"] for c in conditions if c["status"] == "True"
        }

    def left(self) -> int:
        """How many debug containers still run."""
        statuses = [s for pod in self._pods() for s in pod["status"].get("ephemeralContainerStatuses", [])]
        return sum("terminated" not in status["state"] for status in statuses)

    def _pods(self) -> list[Json]:
        items: list[Json] = json.loads(self._cluster.kubectl("get", "pods", "-n", NAMESPACE, "-o", "json").stdout)[
            "items"
        ]
        return items


def main(pods: int, runs: int) -> None:
    cluster = Cluster(
        kubeconfig=Path(os.environ["DSHELL_E2E_KUBECONFIG"]),
        kubectl_program=os.environ.get("DSHELL_E2E_KUBECTL", "kubectl"),
    )
    os.environ["KUBECONFIG"] = str(cluster.kubeconfig)
    kubectl = shutil.which(cluster.kubectl_program) or cluster.kubectl_program
    dshell = str(Path(sys.executable).with_name("kubectl-dshell"))
    at_once = ("--all", "--concurrency", str(pods))
    ours = [dshell, "-n", NAMESPACE, "deploy/crowd", *at_once, "--", "cat", "etc/app.yaml"]
    debug = [kubectl, "debug", "-i", "-n", NAMESPACE, "{}", *FLAGS, "--", "cat", "/proc/1/root/etc/app.yaml"]
    theirs = ["xargs", f"-P{AT_A_TIME}", "-I{}", *debug]
    crowd = Crowd(cluster, pods)
    costs: dict[str, list[Cost]] = {"ours": [], "theirs": []}
    try:
        for run in range(runs):
            names = crowd.renew()
            for who in ("ours", "theirs") if run % 2 == 0 else ("theirs", "ours"):
                costs[who].append(ran(ours) if who == "ours" else ran(theirs, "\n".join(names) + "\n"))
                wait_until(lambda: not crowd.left(), 30, "the end of all debug containers")
        report(pods, costs["ours"], costs["theirs"])
    finally:
        cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false", check=False)


def report(pods: int, ours: list[Cost], theirs: list[Cost]) -> None:
    print(f"{f'{pods} pods at once / kubectl debug, {AT_A_TIME} at a time':45} {'ratio':>6} {'ours':>8} {'theirs':>8}")
    for what, index in (("wall clock", 0), ("CPU of the clients", 1)):
        mine, other = [cost[index] for cost in ours], [cost[index] for cost in theirs]
        ratio = statistics.median(a / b for a, b in zip(mine, other, strict=True))
        print(f"{what:45} {ratio:6.2f} {statistics.median(mine):7.2f}s {statistics.median(other):7.2f}s")
    print("still running 30 s after the end: none")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30, int(sys.argv[2]) if len(sys.argv) > 2 else 5)
