"""How far away a cluster may be: what a session asks of the API server, and how often it waits for an answer.

The proxy counts by what could have been the cause of what, and is so far away that this is not left to chance.
docs/performance.md lists the round trips.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from hack.benchmarks.latency import Counted, DelayingProxy

from .audit import asked

if TYPE_CHECKING:
    from .cluster import Cluster
    from .conftest import MakePod, MakeUser
    from .pods import Pod
    from .program import Dshell

SESSION_ROLE = Path(__file__).parents[2] / "manifests/rbac/session.yaml"
RTT = 0.5
ATTEMPTS = 3
TYPED = "echo $((40+2)) $PWD ap?\n"
ANSWER = r"(?m)^42 /proc/1/root app\s"


class Needed(NamedTuple):
    """Until the answer: round trips that wait for each other, and connections. In all: requests."""

    round_trips: int
    connections: int
    requests: int


MOST_FIRST, MOST_REUSED, MOST_COMMAND = Needed(6, 5, 8), Needed(5, 5, 6), Needed(5, 4, 5)


@dataclass
class Far:
    """The program behind a proxy, as a user of its own whose requests are in the audit log."""

    proxy: DelayingProxy
    program: Dshell
    cluster: Cluster
    user: str
    kubeconfig: Path
    requests: list[str] = field(default_factory=list)

    @contextmanager
    def shell(self, *args: str) -> Iterator[Counted]:
        """A session until what was typed at its start is answered, and what that took."""
        self.proxy.count_anew()
        with self.program.terminal(*args) as session:
            session.send(TYPED)
            session.expect(ANSWER, 60)
            yield self.proxy.counted()
            session.send("exit\n")
            assert session.wait() == 0

    def new_requests(self) -> list[str]:
        """Those since the last call, without what a client looks at when a container is slow to start."""
        before = len(self.requests)
        self.requests = asked(self.cluster, self.user, self.kubeconfig)
        new = self.requests[before:]
        further_looks = ["get pods 200"] * (new.count("get pods 200") - 1) + ["list events 200"] * new.count(
            "list events 200"
        )
        for look in further_looks:
            new.remove(look)
        return new


@pytest.fixture
def far(cluster: Cluster, namespace: str, dshell: Dshell, make_user: MakeUser, tmp_path: Path) -> Iterator[Far]:
    user, kubeconfig = make_user("far", SESSION_ROLE)
    credentials = json.loads(kubeconfig.read_text())["users"][0]["user"]
    with DelayingProxy(cluster.address(), RTT) as proxy:
        program = dshell.with_kubeconfig(proxy.kubeconfig(tmp_path / "away", cluster, credentials, namespace))
        yield Far(proxy, program, cluster, user, kubeconfig)


def test_round_trips_connections_and_requests(far: Far, make_pod: MakePod) -> None:
    """On a busy machine the tether may be on its way before the answer is, which only adds: so the least counts."""
    seen = []
    for _ in range(ATTEMPTS):
        seen.append(needs(far, make_pod()))
        if all(one <= bound for kind, most in seen[-1] for one, bound in zip(kind, most, strict=True)):
            return
    raise AssertionError(f"(needed, at most) of each attempt: {seen}")


def needs(far: Far, pod: Pod) -> list[tuple[Needed, Needed]]:
    """What a first session, a second one and a command needed, each with the most that it may need."""
    with far.shell(pod.name, "--keep=60s") as first:
        pass
    asked_first = far.new_requests()
    with far.shell(pod.name, "--keep=60s") as reused:
        pass
    asked_reused = far.new_requests()
    far.proxy.count_anew()
    with far.program.start(pod.name, "--", "cat", "etc/app.yaml") as command:
        assert command.stdout
        assert command.stdout.readline() == b"greeting: hello\n"
        ran = far.proxy.counted()
        command.communicate()
    return [
        (Needed(counted.round_trips, len(counted.connections), len(requests)), most)
        for most, counted, requests in (
            (MOST_FIRST, first, asked_first),
            (MOST_REUSED, reused, asked_reused),
            (MOST_COMMAND, ran, far.new_requests()),
        )
    ]
