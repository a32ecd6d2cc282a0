"""`python -m hack.benchmarks.copy [MEGABYTES [RUNS [SPARSE_MEGABYTES]]]`: kubectl dshell cp beside kubectl cp, interleaved.

kubectl cp needs tar in the app, so both copy from and to a container that has it. Data are random; at last a file that
is one hole. CPU is that of the client.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.e2e.cluster import Cluster
from tests.e2e.pods import Pod, app, pod_manifest

NAMESPACE = f"dshell-bench-{os.getpid()}"  # the last one may still be on its way out
MEGABYTE = 1024 * 1024
IMAGE = "busybox:1.37"


class Cost(NamedTuple):
    seconds: float
    cpu: float
    memory: float


class Bench:
    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster = cluster
        self.folder = folder
        self.pod = Pod(cluster, NAMESPACE, "tools")
        self.env = {"PATH": os.environ["PATH"], "HOME": str(folder), "KUBECONFIG": str(cluster.kubeconfig)}
        self.ours = [sys.executable, "-m", "kubectl_dshell", "cp", "-n", NAMESPACE, "-y", "--keep", "10m"]
        self.theirs = [cluster.kubectl_program, "cp", "-n", NAMESPACE]

    def ran(self, command: list[str], *words: str) -> Cost:
        began = time.monotonic()
        with subprocess.Popen([*command, *words], env=self.env, stdout=subprocess.DEVNULL) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{' '.join([*command, *words])} ended with {process.returncode}")
        return Cost(time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)

    def inside(self, script: str) -> None:
        where = ("exec", "-n", NAMESPACE, self.pod.name, "-c", "app", "--")
        self.cluster.kubectl(*where, "sh", "-c", script, timeout=600)

    def out(self, command: list[str], name: str) -> Cost:
        place = self.folder / "here"
        place.unlink(missing_ok=True)
        return self.ran(command, f"tools:/tmp/{name}", str(place))

    def into(self, command: list[str], source: Path) -> Cost:
        self.inside("rm -f /tmp/there")
        return self.ran(command, str(source), "tools:/tmp/there")


def compare(name: str, pairs: list[tuple[Cost, Cost]], megabytes: int) -> None:
    ratio = statistics.median(theirs.seconds / ours.seconds for ours, theirs in pairs)
    rates = [megabytes / statistics.median(side.seconds for side in sides) for sides in zip(*pairs, strict=True)]
    cpu = [statistics.median(side.cpu for side in sides) for sides in zip(*pairs, strict=True)]
    memory = [max(side.memory for side in sides) for sides in zip(*pairs, strict=True)]
    print(
        f"{name:28} {ratio:6.2f}   {rates[0]:5.0f} {rates[1]:5.0f} MB/s   {cpu[0]:6.1f} {cpu[1]:6.1f} s"
        f"   {memory[0]:5.0f} {memory[1]:5.0f} MB",
        flush=True,
    )


def measure(bench: Bench, megabytes: int, runs: int, sparse: int) -> None:
    source = bench.folder / "source"
    with source.open("wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(MEGABYTE))
    bench.into(bench.ours, source)  # the debug container is there from now on, as it is for kubectl
    bench.inside("mv /tmp/there /tmp/data")
    print(
        f"{'throughput, median of ' + str(runs):28} {'ratio':>6}   {'ours theirs':>16}   {'CPU':>15}   {'peak RSS':>14}"
    )
    pairs = [(bench.out(bench.ours, "data"), bench.out(bench.theirs, "data")) for _ in range(runs)]
    compare(f"{megabytes} MB out", pairs, megabytes)
    pairs = [(bench.into(bench.ours, source), bench.into(bench.theirs, source)) for _ in range(runs)]
    compare(f"{megabytes} MB in", pairs, megabytes)
    if sparse:
        bench.inside(f"rm -f /tmp/there /tmp/data; truncate -s {sparse}M /tmp/hole")
        cost = bench.out(bench.ours, "hole")
        blocks = (bench.folder / "here").stat().st_blocks * 512 // MEGABYTE
        print(f"{sparse} MB, one hole, out: {cost.seconds:.1f} s, peak RSS {cost.memory:.0f} MB, {blocks} MB on disk")


def main(megabytes: int = 1024, runs: int = 3, sparse: int = 0) -> None:
    cluster = Cluster(
        kubeconfig=Path(os.environ["DSHELL_E2E_KUBECONFIG"]),
        kubectl_program=os.environ.get("DSHELL_E2E_KUBECTL", "kubectl"),
        audit_log=None,
    )
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    try:
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(cluster, Path(folder))
            tools = app(IMAGE, "1000000", command=["sleep"])
            cluster.apply(pod_manifest("tools", tools), namespace=NAMESPACE)
            bench.pod.wait_ready()
            measure(bench, megabytes, runs, sparse)
    finally:
        cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false", check=False)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
