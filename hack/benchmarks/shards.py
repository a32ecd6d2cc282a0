"""`python -m hack.benchmarks.shards [PODS [RUNS]]`: what it costs a worker to find its shard of a large cluster.

The API server is a stand-in on loopback that lists PODS running pods (100 000), since no machine of one node has them: a
control plane without nodes. Beside it `kubectl get pods -A -o name`, which reads the same list; up to 20 000 pods only,
because it keeps the list as objects, which takes it 6 GB for 100 000.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import Process, Queue
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from hack.benchmarks.crowd import manifest
from hack.benchmarks.measure import Cost, end
from hack.benchmarks.report import add, add_alone, head

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_FOR_KUBECTL = 20_000
SHARDS = ("0/1", "0/4", "0/100")
FIND = """
import os, sys
from kubectl_dshell.cli.flags.connection import ConnectionFlags
from kubectl_dshell.cli.wiring import ports
from kubectl_dshell.commands.fanout.targets import TargetQuery, find
from kubectl_dshell.domain.shard import parse_shard
fields = dict.fromkeys(ConnectionFlags._fields) | {"as_groups": (), "verbosity": 0, "insecure_skip_tls_verify": False}
with ports(ConnectionFlags(**fields), None, quiet=True) as (bound, _):
    print(len(find(TargetQuery((), "", None, None, True, parse_shard(sys.argv[1])), bound)))
"""
DISCOVERY = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    "/api/v1": {
        "kind": "APIResourceList",
        "groupVersion": "v1",
        "resources": [{"name": "pods", "singularName": "pod", "namespaced": True, "kind": "Pod", "verbs": ["list"]}],
    },
}


def _template() -> tuple[str, str, str]:
    """A running pod as JSON, around its name and its UID."""
    pod = manifest("NAME")
    statuses: list[dict[str, object]] = [
        {"name": name, "containerID": f"containerd://{'a' * 64}", "state": {"running": {}}, "ready": True}
        for name in ("app", "proxy")
    ]
    pod["metadata"] = {"name": "NAME", "namespace": "crowd", "uid": "UID", **pod["metadata"]}
    pod["metadata"]["resourceVersion"] = "7"
    pod["status"] = {"phase": "Running", "containerStatuses": statuses}
    before, _, rest = json.dumps(pod, separators=(",", ":")).partition("NAME")
    between, _, after = rest.partition("UID")
    return before, between, after


class Lister(BaseHTTPRequestHandler):
    """Pages of a list of `count` pods."""

    protocol_version = "HTTP/1.1"
    count = 0
    template = ("", "", "")

    def do_GET(self) -> None:  # the name that http.server looks for
        url = urlsplit(self.path)
        body = json.dumps(DISCOVERY[url.path]) if url.path in DISCOVERY else self._page(parse_qs(url.query))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def _page(self, query: dict[str, list[str]]) -> str:
        start = int(query.get("continue", ["0"])[0])
        stop = min(self.count, start + int(query.get("limit", ["500"])[0]))
        before, between, after = self.template
        items = ",".join(
            f"{before}web-{n:06d}{between}{UUID(int=n * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128)}{after}"
            for n in range(start, stop)
        )
        following = str(stop) if stop < self.count else ""
        meta = json.dumps({"resourceVersion": "7", "continue": following})
        return f'{{"kind":"PodList","apiVersion":"v1","metadata":{meta},"items":[{items}]}}'

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def serve(count: int, ports: Queue[int]) -> None:
    """The stand-in; its port goes to `ports`."""
    Lister.count, Lister.template = count, _template()
    with ThreadingHTTPServer(("127.0.0.1", 0), Lister) as server:
        ports.put(server.server_address[1])
        server.serve_forever()


def ran(command: Sequence[str], kubeconfig: Path) -> tuple[Cost, int]:
    """Its cost, and the number of pods that it found."""
    began = monotonic()
    env = {**os.environ, "KUBECONFIG": str(kubeconfig), "HOME": str(kubeconfig.parent)}
    with tempfile.TemporaryFile() as output:
        cost = end(subprocess.Popen(command, stdout=output, env=env), began)
        output.seek(0)
        lines = output.read().splitlines()
    return cost, int(lines[0]) if len(lines) == 1 else len(lines)


def main(words: Sequence[str]) -> int:
    """Print the table; the exit code."""
    count, runs = (int(words[0]) if words else 100_000), (int(words[1]) if len(words) > 1 else 5)
    kubectl = [os.environ.get("DSHELL_E2E_KUBECTL", "kubectl"), "get", "pods", "-A", "-o", "name"]
    ports: Queue[int] = Queue()
    server = Process(target=serve, args=(count, ports), daemon=True)
    server.start()
    with tempfile.TemporaryDirectory() as folder:
        kubeconfig = Path(folder, "config")
        cluster = {"name": "c", "cluster": {"server": f"http://127.0.0.1:{ports.get(timeout=60)}"}}
        context = {"name": "c", "context": {"cluster": "c", "user": "u"}}
        users = [{"name": "u", "user": {}}]
        config = {"current-context": "c", "clusters": [cluster], "contexts": [context], "users": users}
        kubeconfig.write_text(json.dumps(config))
        measure(count, runs, kubectl, kubeconfig)
    server.terminate()
    server.join()
    return 0


def measure(count: int, runs: int, kubectl: Sequence[str], kubeconfig: Path) -> None:
    """Each shard, beside kubectl in turn."""
    head(f"{count} pods: find a shard / get pods -A -o name")
    for shard in SHARDS:
        ours, theirs, found = list[Cost](), list[Cost](), 0
        for _ in range(runs):
            cost, found = ran([sys.executable, "-c", FIND, shard], kubeconfig)
            ours.append(cost)
            if count <= MOST_FOR_KUBECTL:
                other, all_of_them = ran(kubectl, kubeconfig)
                theirs.append(other)
                if all_of_them != count:
                    sys.exit(f"kubectl found {all_of_them} of {count} pods")
        report(f"shard {shard}", found, ours, theirs)
        add_alone(f"shard {shard}: CPU per pod of the cluster", 1e6 * min(c.cpu for c in ours) / count, "us")


def report(shard: str, found: int, ours: list[Cost], theirs: list[Cost]) -> None:
    """One line for the time, one for the CPU time, one for the memory."""
    rows = (
        (f"{found} pods, wall", "s", [cost.seconds for cost in ours], [cost.seconds for cost in theirs]),
        (f"{found} pods, CPU", "s", [cost.cpu for cost in ours], [cost.cpu for cost in theirs]),
        ("memory", "MB", [cost.megabytes for cost in ours], [cost.megabytes for cost in theirs]),
    )
    for what, unit, mine, others in rows:
        if others:
            add(f"{shard}: {what}", mine, others, unit)
        else:
            add_alone(f"{shard}: {what}", min(mine), unit)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
