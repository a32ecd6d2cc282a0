"""`python -m hack.benchmarks.throughput [MEGABYTES [RUNS [KEYS]]]`: stdout, stdin and keystrokes beside kubectl exec.

Both run the same commands of busybox in containers of the same pod. Rates are of the whole run, start included; CPU is that
of the client. Keystrokes go to both terminals in turn, each once the echo of the last one is there; meanwhile a stream of
each client is idle, full (nobody reads it) or flowing.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median, quantiles
from time import monotonic
from typing import TYPE_CHECKING

from hack.benchmarks import report
from hack.benchmarks.measure import Cost, dshell, end, kubectl, namespace, require
from tests.e2e.pods import Pod, app, pod_manifest
from tests.e2e.terminal import TerminalSession
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.cluster import Cluster

NAMESPACE = f"dshell-bench-{os.getpid()}"
MEGABYTE = 1024 * 1024
_CPU_GOAL = 1.5
_KEYS_AT_ONCE = 100
"""Keystrokes of one p99."""


class Bench:
    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.folder = folder
        self.env = {**os.environ, "HOME": str(folder), "TERM": "xterm", "LANG": "C.UTF-8"}
        where = ["-n", NAMESPACE, "tools", "-c", "app"]
        self._ours = [*dshell(), *where, "-q", "--keep", "10m"]
        self._theirs = [kubectl(cluster), "exec", *where]

    def ours(self, *words: str, tty: bool = False) -> list[str]:
        return [*self._ours, *(["-t"] if tty else []), "--", *words]

    def theirs(self, *words: str, tty: bool = False) -> list[str]:
        return [*self._theirs, "-it" if tty else "-i", "--", *words]

    def out(self, command: list[str]) -> Cost:
        """Read what a command writes, by a program that costs little."""
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as reader:
            began = monotonic()
            process = subprocess.Popen(command, env=self.env, stdin=subprocess.DEVNULL, stdout=reader.stdin)
            cost = end(process, began)
            require(process, 0)
            assert reader.stdin
            reader.stdin.close()
        return cost

    def into(self, command: list[str], size: int) -> Cost:
        """Once more if it breaks off: kubectl (1.36) does so now and then, with exit code 0, too."""
        while True:
            feeder = ["head", "-c", str(size), "/dev/zero"]
            with subprocess.Popen(feeder, stdout=subprocess.PIPE) as source:
                began = monotonic()
                process = subprocess.Popen(command, env=self.env, stdin=source.stdout, stdout=subprocess.PIPE)
                assert source.stdout
                assert process.stdout
                source.stdout.close()
                answer = process.stdout.read()
                cost = end(process, began)
            if answer == b"all of it\n":
                return cost
            print(f"broke off: {command[0]}", file=sys.stderr)
            if command[0] != self._theirs[0]:
                sys.exit(1)

    @contextmanager
    def busy(self, command: list[str], *, read: bool) -> Iterator[None]:
        """A stream in the background, full or flowing."""
        into = subprocess.DEVNULL if read else subprocess.PIPE
        process = subprocess.Popen(command, env=self.env, stdin=subprocess.DEVNULL, stdout=into)
        try:
            if process.stdout:
                pipe = process.stdout
                wait_until(lambda: bool(select.select([pipe], [], [], 0)[0]), 60, "the output of the stream")
            yield
        finally:
            process.kill()
            process.communicate()


def bulk(name: str, size: int, runs: int, ours: Callable[[], Cost], theirs: Callable[[], Cost]) -> None:
    pairs = [(ours(), theirs()) for _ in range(runs)]
    mine, other = zip(*pairs, strict=True)
    report.add(f"{name}: rate", [_rate(one, size) for one in mine], [_rate(one, size) for one in other], "MB/s", 1.0)
    report.add(f"{name}: CPU", [one.cpu for one in mine], [one.cpu for one in other], goal=_CPU_GOAL)
    report.add_alone(f"{name}: peak memory", max(one.megabytes for one in mine), "MB", goal=80)


def _rate(cost: Cost, size: int) -> float:
    return size / MEGABYTE / cost.seconds


def echo(name: str, bench: Bench, keys: int) -> None:
    """The time until a key is displayed, at the 99th percentile of each _KEYS_AT_ONCE."""
    with ExitStack() as stack:
        sides = [
            stack.enter_context(TerminalSession(command("cat", tty=True), bench.env, bench.folder))
            for command in (bench.ours, bench.theirs)
        ]
        for session in sides:
            session.send("ready\n")
            session.expect(r"ready\s+ready", 60)
        times: list[list[float]] = [[], []]
        for number in range(keys):
            for session, taken in zip(sides, times, strict=True):
                taken.append(typed(session, "xyz"[number % 3]) * 1000)
    mine, other = ([one[at : at + _KEYS_AT_ONCE] for at in range(0, keys, _KEYS_AT_ONCE)] for one in times)
    report.add(f"{name}: median", [median(group) for group in mine], [median(group) for group in other], "ms")
    late, theirs = ([quantiles(group, n=100)[98] for group in side] for side in (mine, other))
    report.add(f"{name}: p99", late, theirs, "ms")
    report.add_alone(f"{name}: p99 beyond kubectl's", median(late) - median(theirs), "ms", goal=2)


def typed(session: TerminalSession, key: str) -> float:
    """Seconds until the key that was typed is displayed."""
    began = monotonic()
    session.send(key)
    session.expect(key, 30)
    return monotonic() - began


def main(megabytes: int = 500, runs: int = 5, keys: int = 500) -> None:
    size = megabytes * MEGABYTE
    with namespace(NAMESPACE) as cluster, tempfile.TemporaryDirectory() as folder:
        bench = Bench(cluster, Path(folder))
        cluster.apply(pod_manifest("tools", app("busybox:1.37", "1000000", command=["sleep"])), namespace=NAMESPACE)
        Pod(cluster, NAMESPACE, "tools").wait_ready()
        # the debug container is there from now on, as the app is for kubectl
        bench.out(bench.ours("dd", "if=/dev/zero", "of=tmp/data", "bs=1M", f"count={megabytes}"))
        report.head(f"throughput, {megabytes} MB, {runs} runs in turn")
        fill = ("cat", "tmp/data")
        bulk("stdout", size, runs, lambda: bench.out(bench.ours(*fill)), lambda: bench.out(bench.theirs(*fill)))
        drain = ("sh", "-c", "cat >/dev/null; echo all of it")
        into = (lambda: bench.into(bench.ours(*drain), size), lambda: bench.into(bench.theirs(*drain), size))
        bulk("stdin", size, runs, *into)
        echo("a key", bench, keys)
        for name, read in (("full", False), ("flowing", True)):
            with bench.busy(bench.ours("yes"), read=read), bench.busy(bench.theirs("yes"), read=read):
                echo(f"a key beside streams that are {name}", bench, keys)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
