"""An API server that is further away: a proxy process, a kubeconfig that leads through it, and what went through.

    with DelayingProxy(cluster.address(), 0.040) as far:
        env["KUBECONFIG"] = str(far.kubeconfig(folder / "far", cluster))

What is modelled, and what is not, is told in delaying_proxy.py.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple, Self

from tests.e2e.cluster import Cluster, Json, write_kubeconfig
from tests.e2e.tcp_proxy import connection_at

_TOP = Path(__file__).resolve().parents[2]


class Counted(NamedTuple):
    """What went through a proxy so far."""

    round_trips: int
    """Those that waited for each other, TCP and TLS with them."""
    connections: list[int]
    """For each one, how often its server was waited for; TCP's handshake is not in it."""


class DelayingProxy:
    """A process that passes connections to 127.0.0.1:`port` on to `server`, `rtt` seconds away; used in a `with`."""

    def __init__(self, server: tuple[str, int], rtt: float) -> None:
        self._command = [sys.executable, "-m", "hack.benchmarks.delaying_proxy", server[0], str(server[1]), str(rtt)]
        self.port = 0

    def __enter__(self) -> Self:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, text=True, cwd=_TOP)
        assert self._process.stdin
        assert self._process.stdout
        self._questions, self._answers = self._process.stdin, self._process.stdout
        self.port = int(self._answers.readline())
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def counted(self) -> Counted:
        return self._ask("")

    def count_anew(self) -> None:
        """What has gone through so far is not in `counted` from now on, nor are its connections."""
        self._ask("anew")

    def _ask(self, question: str) -> Counted:
        self._questions.write(f"{question}\n")
        self._questions.flush()
        return Counted(**json.loads(self._answers.readline()))

    def kubeconfig(self, path: Path, cluster: Cluster, user: Json | None = None, namespace: str = "default") -> Path:
        """Leads through the proxy, as `user` (else the cluster's own), and still checks the server's own name."""
        return write_kubeconfig(path, connection_at(self.port, cluster), user or cluster.credentials(), namespace)
