"""`python -m hack.benchmarks.cp [MEGABYTES [RUNS [FILES [SPARSE_MEGABYTES]]]]`: kubectl dshell cp beside kubectl cp.

kubectl cp needs tar in the app, so both copy from and to a container that has it: one large file, FILES small ones in
directories of a hundred, and at last a file that is one hole. Data are random. CPU is that of the client.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import monotonic

from hack.benchmarks import report
from hack.benchmarks.measure import Cost, dshell, end, kubectl, namespace, require
from tests.e2e.cluster import Cluster
from tests.e2e.pods import Pod, app, pod_manifest

NAMESPACE = f"dshell-bench-{os.getpid()}"  # the last one may still be on its way out
MEGABYTE = 1024 * 1024
IMAGE = "busybox:1.37"


class Bench:
    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster = cluster
        self.folder = folder
        self.pod = Pod(cluster, NAMESPACE, "tools")
        self.env = {**os.environ, "HOME": str(folder)}
        self.ours = [*dshell(), "cp", "-n", NAMESPACE, "-y", "--keep", "10m"]
        self.theirs = [kubectl(cluster), "cp", "-n", NAMESPACE]

    def ran(self, command: list[str], *words: str) -> Cost:
        """Theirs once more if it breaks off: kubectl (1.36) loses a stream now and then on a busy node."""
        while True:
            began = monotonic()
            process = subprocess.Popen([*command, *words], env=self.env, stdout=subprocess.DEVNULL)
            cost = end(process, began)
            if process.returncode and command is self.theirs:
                print(f"broke off: {command[0]}", file=sys.stderr)
                continue
            require(process, 0)
            return cost

    def inside(self, script: str) -> None:
        where = ("exec", "-n", NAMESPACE, self.pod.name, "-c", "app", "--")
        self.cluster.kubectl(*where, "sh", "-c", script, timeout=600)

    def out(self, command: list[str], name: str) -> Cost:
        place = self.folder / "here"
        if place.is_dir():
            shutil.rmtree(place)
        place.unlink(missing_ok=True)
        return self.ran(command, f"tools:/tmp/{name}", str(place))

    def into(self, command: list[str], source: Path) -> Cost:
        self.inside("rm -rf /tmp/there")
        return self.ran(command, str(source), "tools:/tmp/there")


def compare(name: str, pairs: list[tuple[Cost, Cost]]) -> None:
    mine, other = zip(*pairs, strict=True)
    report.add(name, [one.seconds for one in mine], [one.seconds for one in other], goal=1.0)
    report.add(f"{name}: CPU", [one.cpu for one in mine], [one.cpu for one in other])
    report.add_alone(f"{name}: peak memory", max(one.megabytes for one in mine), "MB", goal=80)


def both_ways(bench: Bench, what: str, source: Path, runs: int) -> None:
    bench.into(bench.ours, source)  # the debug container is there from now on, as it is for kubectl
    bench.inside("rm -rf /tmp/data && mv /tmp/there /tmp/data")
    compare(f"{what}, out", [(bench.out(bench.ours, "data"), bench.out(bench.theirs, "data")) for _ in range(runs)])
    compare(f"{what}, in", [(bench.into(bench.ours, source), bench.into(bench.theirs, source)) for _ in range(runs)])


def large_file(bench: Bench, megabytes: int) -> Path:
    source = bench.folder / "source"
    with source.open("wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(MEGABYTE))
    return source


def small_files(bench: Bench, count: int) -> Path:
    top = bench.folder / "many"
    for number in range(count):
        file = top / str(number // 100) / str(number)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(os.urandom(1000))
    return top


def hole(bench: Bench, megabytes: int) -> None:
    bench.inside(f"rm -rf /tmp/there /tmp/data; truncate -s {megabytes}M /tmp/hole")
    cost = bench.out(bench.ours, "hole")
    blocks = (bench.folder / "here").stat().st_blocks * 512 // MEGABYTE
    report.add_alone(f"{megabytes} MB, one hole, out", cost.seconds, "s")
    report.add_alone(f"{megabytes} MB, one hole, out: peak memory", cost.megabytes, "MB", goal=80)
    report.add_alone(f"{megabytes} MB, one hole, out: on disk", blocks, "MB")


def main(megabytes: int = 500, runs: int = 3, files: int = 3000, sparse: int = 0) -> None:
    with namespace(NAMESPACE) as cluster, tempfile.TemporaryDirectory() as folder:
        bench = Bench(cluster, Path(folder))
        tools = app(IMAGE, "1000000", command=["sleep"])
        cluster.apply(pod_manifest("tools", tools), namespace=NAMESPACE)
        bench.pod.wait_ready()
        report.head(f"cp, {runs} runs in turn")
        both_ways(bench, f"{megabytes} MB", large_file(bench, megabytes), runs)
        both_ways(bench, f"{files} files", small_files(bench, files), runs)
        if sparse:
            hole(bench, sparse)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
