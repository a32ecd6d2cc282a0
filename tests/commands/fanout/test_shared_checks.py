"""One exec check for all pods of a namespace, unless it was refused."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from kubectl_dshell.commands.fanout.shared_checks import SharedChecks
from kubectl_dshell.commands.ports import ExecCheck
from kubectl_dshell.errors import Forbidden
from tests.commands.world import FakeStreams


class Cluster(FakeStreams):
    """Lets nobody into the pods that are `closed`."""

    def __init__(self, *closed: str) -> None:
        super().__init__()
        self.closed = closed
        self.asked: list[tuple[str, str]] = []

    def check(
        self, namespace: str, pod: str, container: str, argv: Sequence[str], *, stdin: bool, tty: bool
    ) -> ExecCheck:
        self.asked.append((namespace, pod))
        self.refusal = Forbidden(f"not into {pod}") if pod in self.closed else None
        return super().check(namespace, pod, container, argv, stdin=stdin, tty=tty)


def check(checks: SharedChecks, pod: str, namespace: str = "shop") -> ExecCheck:
    return checks.check(namespace, pod, "x", ["sh"], stdin=False, tty=False)


def test_each_namespace_is_asked_about_once() -> None:
    cluster = Cluster()
    checks = SharedChecks(cluster)

    for namespace in ("shop", "bank"):
        for pod in "abc":
            check(checks, pod, namespace).verdict()

    assert cluster.asked == [("shop", "a"), ("bank", "a")]


def test_a_refusal_is_that_of_one_pod() -> None:
    """RBAC and policies may name pods: what one is refused says nothing of the others."""
    cluster = Cluster("a", "c")
    checks = SharedChecks(cluster)

    for pod in "ac":
        with pytest.raises(Forbidden, match=f"not into {pod}"):
            check(checks, pod).verdict()
    check(checks, "b").verdict()

    assert [pod for _, pod in cluster.asked] == ["a", "a", "c", "b"]


def test_many_at_once_wait_for_one_answer() -> None:
    cluster = Cluster()
    checks = SharedChecks(cluster)
    together = threading.Barrier(8)

    def run(pod: str) -> None:
        mine = check(checks, pod)
        together.wait()
        mine.verdict()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(run, "abcdefgh"))

    assert len(cluster.asked) == 1


def test_what_the_first_one_has_shown_of_websockets_is_true_for_all() -> None:
    checks = SharedChecks(Cluster())

    assert [check(checks, pod).upgraded() for pod in "ab"] == [True, True]
