"""Sessions and commands, ours and kubectl's, at several distances from the API server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple

from hack.benchmarks.latency import DelayingProxy
from hack.benchmarks.measure import Cost, dshell, end, kubectl, namespace, require
from tests.e2e.cluster import Cluster
from tests.e2e.pods import Pod, app, pod_manifest
from tests.e2e.terminal import TerminalSession
from tests.waiting import wait_until

NAMESPACE = f"dshell-bench-{os.getpid()}"  # of two benchmarks that run at once
IMAGE = "busybox:1.37"
KEPT = "kept"
QUESTION = "echo $((40+2)) $PWD ap?\n"  # what is typed is echoed, so the answer is another text
SECONDS = 60
QUIET_SECONDS = 2.5
"""A kubelet that has just looked at a pod waits for its next relist, up to 1 s, before it looks again: what comes first
after a pod's start would pay for that."""


class Session(NamedTuple):
    """A command for a terminal, what is typed into it at once, and what a shell in the right place answers."""

    command: list[str]
    typed: str
    answer: str


class Distance(NamedTuple):
    name: str
    rtt: float | None
    """Seconds; None: no proxy in between."""


LOOPBACK, NEAR, FAR = Distance("loopback", None), Distance("40 ms", 0.040), Distance("100 ms", 0.100)


class Bench:
    """A namespace of pods, and the way to the API server from each distance."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster = cluster
        self.kubectl = kubectl(cluster)
        self._folder = folder
        self._environments: dict[str, dict[str, str]] = {}
        self.proxies: dict[str, DelayingProxy] = {}

    def reach(self, distance: Distance, proxies: ExitStack) -> None:
        """Have a way to the API server from this distance until `proxies` is closed."""
        kubeconfig = self.cluster.kubeconfig
        if distance.rtt is not None:
            proxy = proxies.enter_context(DelayingProxy(self.cluster.address(), distance.rtt))
            kubeconfig = proxy.kubeconfig(self._folder / distance.name.replace(" ", ""), self.cluster)
            self.proxies[distance.name] = proxy
        env = {"HOME": str(self._folder), "TERM": "xterm", "LANG": "C.UTF-8", "KUBECONFIG": str(kubeconfig)}
        taken_over = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
        self._environments[distance.name] = env | taken_over

    def pods(self, *names: str) -> list[Pod]:
        """Pods that nobody has debugged, with a container that has a shell beside the app."""
        tools = app(IMAGE, "1000000", name="tools", command=["sleep"])
        self.cluster.apply(*(pod_manifest(name, app(), tools) for name in names), namespace=NAMESPACE)
        pods = [Pod(self.cluster, NAMESPACE, name) for name in names]
        for pod in pods:
            pod.wait_ready(SECONDS)
        sleep(QUIET_SECONDS)
        return pods

    def remove(self, pods: list[Pod]) -> None:
        """And wait until they are gone, which is work of the node, too."""
        names = [pod.name for pod in pods]
        self.cluster.kubectl("delete", "pod", "-n", NAMESPACE, "--wait", *names, timeout=SECONDS)

    def answered(self, session: Session, distance: Distance) -> float:
        """Seconds from the start of the program until what was typed at once is answered."""
        with self.session(session, distance) as seconds:
            return seconds

    @contextmanager
    def session(self, session: Session, distance: Distance) -> Iterator[float]:
        """The same; within the `with` the session goes on."""
        began = monotonic()
        with TerminalSession(session.command, self._environments[distance.name], self._folder) as terminal:
            terminal.send(session.typed)
            try:
                # a busy machine may echo the terminal's report of the cursor, which busybox asked for, before it
                terminal.expect(rf"(?m)^(?:\^\[\[[\d;]+R)*{re.escape(session.answer)}\s", SECONDS)
            except AssertionError:
                sys.exit(f"{' '.join(session.command)} did not answer: ...{terminal.text[-500:]!r}")
            yield monotonic() - began
            terminal.send("exit\n")
            code = terminal.wait()
            assert code == 0, f"{session.command} ended with {code}: {terminal.text}"

    def ran(self, command: list[str], distance: Distance) -> Cost:
        """A command to its end; it has to succeed."""
        with tempfile.TemporaryFile() as said:
            began = monotonic()
            process = subprocess.Popen(
                command, env=self._environments[distance.name], stdin=subprocess.DEVNULL, stdout=said, stderr=said
            )
            cost = end(process, began)
            said.seek(0)
            if process.returncode:
                print(said.read().decode(errors="replace"))
            require(process, 0)
        return cost

    def settle(self, pod: Pod) -> None:
        """Wait until no debug container of the pod runs: its end would be work beside the next measurement."""
        wait_until(
            lambda: all(entry.state == "terminated" for entry in pod.debug_containers().values()),
            SECONDS,
            f"the end of the debug containers of {pod.name}",
        )

    def ours(self, pod: Pod, *command: str) -> list[str]:
        keep = ["--keep", "10m"] if pod.name == KEPT else []
        return [*dshell(), "-n", NAMESPACE, pod.name, "-c", "app", *keep, *(["--", *command] if command else [])]

    def debug(self, pod: Pod, *command: str) -> list[str]:
        attach = "-it" if command == ("sh",) else "-i"
        flags = ["--image", IMAGE, "--target", "app", "--profile", "general", "--quiet"]
        return [self.kubectl, "debug", attach, "-n", NAMESPACE, pod.name, *flags, "--", *command]

    def exec(self, pod: Pod, *command: str) -> list[str]:
        attach = ["-it"] if command == ("sh",) else []
        return [self.kubectl, "exec", *attach, "-n", NAMESPACE, pod.name, "-c", "tools", "--", *command]

    def our_session(self, pod: Pod) -> Session:
        return Session(self.ours(pod), QUESTION, "42 /proc/1/root app")

    def debug_session(self, pod: Pod) -> Session:
        """kubectl debug's shell begins in the debug image: it has to be told the way into the app's root."""
        return Session(self.debug(pod, "sh"), f"cd /proc/1/root\n{QUESTION}", "42 /proc/1/root app")

    def exec_session(self, pod: Pod) -> Session:
        """In the container that has a shell, and no app."""
        return Session(self.exec(pod, "sh"), QUESTION, "42 / ap?")


@contextmanager
def bench(*distances: Distance) -> Iterator[tuple[Bench, Pod]]:
    """A bench, and a pod with a debug container that is kept; both programs have been used at each distance."""
    with (
        namespace(NAMESPACE) as cluster,
        tempfile.TemporaryDirectory() as folder,
        ExitStack() as proxies,
    ):
        made = Bench(cluster, Path(folder))
        (pod,) = made.pods(KEPT)
        for distance in distances:
            made.reach(distance, proxies)
            made.ran(made.ours(pod, "true"), distance)
            made.ran(made.exec(pod, "true"), distance)
        yield made, pod
