"""`python -m hack.benchmarks.many [PODS [RUNS]]`: a command in many pods at once, beside kubectl debug 16 at a time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from time import monotonic

from hack.benchmarks.measure import Cost, dshell, end, kubectl, namespace
from hack.benchmarks.report import add, head
from tests.e2e.cluster import Cluster, Json
from tests.e2e.pods import app
from tests.waiting import wait_until

NAMESPACE = "dshell-bench-many"
LABELS = {"app": "crowd"}
AT_A_TIME = 16
SECONDS = 600
FLAGS = ("--image", "busybox:1.37", "--target", "app", "--profile", "general", "--quiet")


def ran(command: list[str], words: str = "") -> Cost:
    """A command to its end, with `words` on its stdin; what it waited for counts as its own."""
    began = monotonic()
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write(words)
    process.stdin.close()
    answered = process.stdout.read().count("greeting: hello")
    cost = end(process, began)
    name, code = Path(command[0]).name, process.returncode
    print(f"  {name}: {cost.seconds:.1f} s, {answered} answers, code {code}", file=sys.stderr)
    return cost


class Crowd:
    """A deployment whose pods are made anew for each round."""

    def __init__(self, cluster: Cluster, count: int) -> None:
        self._cluster = cluster
        self._count = count
        template = {"metadata": {"labels": LABELS}, "spec": {"containers": [app()], "terminationGracePeriodSeconds": 1}}
        spec = {"replicas": count, "selector": {"matchLabels": LABELS}, "template": template}
        crowd = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "crowd"}, "spec": spec}
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
    at_once = ("--all", "--concurrency", str(pods))
    ours = [*dshell(), "-n", NAMESPACE, "deploy/crowd", *at_once, "--", "cat", "etc/app.yaml"]
    costs: dict[str, list[Cost]] = {"ours": [], "theirs": []}
    with namespace(NAMESPACE) as cluster:
        debug = [kubectl(cluster), "debug", "-i", "-n", NAMESPACE, "{}", *FLAGS]
        theirs = ["xargs", f"-P{AT_A_TIME}", "-I{}", *debug, "--", "cat", "/proc/1/root/etc/app.yaml"]
        crowd = Crowd(cluster, pods)
        for run in range(runs):
            names = crowd.renew()
            for who in ("ours", "theirs") if run % 2 == 0 else ("theirs", "ours"):
                costs[who].append(ran(ours) if who == "ours" else ran(theirs, "\n".join(names) + "\n"))
                wait_until(lambda: not crowd.left(), 30, "the end of all debug containers")
        report(pods, costs["ours"], costs["theirs"])


def report(pods: int, ours: list[Cost], theirs: list[Cost]) -> None:
    head(f"{pods} pods at once / kubectl debug, {AT_A_TIME} at a time")
    for what, goal in (("wall", 1.0), ("CPU of the clients", 0.2)):
        mine, other = ([cost.seconds if what == "wall" else cost.cpu for cost in costs] for costs in (ours, theirs))
        add(f"{pods} pods: {what}", mine, other, goal=goal)
    print("still running 30 s after the end: none")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30, int(sys.argv[2]) if len(sys.argv) > 2 else 5)
