"""`cleanup` ends the debug containers of ours and no others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.waiting import wait_until

if TYPE_CHECKING:
    from .conftest import MakeNamespace, MakePod
    from .pods import Pod
    from .program import Dshell

LONG = "--keep=5m"


@dataclass(frozen=True, slots=True)
class Crowd:
    """One pod with a live debug container of ours, an ended one, and a live one of kubectl debug."""

    pod: Pod
    live: str
    ended: str
    other: str


@pytest.fixture
def crowd(make_pod: MakePod, make_namespace: MakeNamespace, dshell: Dshell) -> Crowd:
    """In a namespace of its own: the tests list and end all of it."""
    pod = make_pod(namespace=make_namespace())
    there = ("-n", pod.namespace)
    assert dshell(pod.name, *there, "--", "true").code == 0
    (ended,) = pod.debug_containers()
    pod.wait_terminated(ended, 10)
    assert dshell(pod.name, *there, LONG, "--", "true").code == 0
    (live,) = set(pod.debug_containers()) - {ended}
    debug = (
        "debug",
        pod.name,
        *there,
        "--image=busybox:1.37",
        "--target=app",
        "--container=other",
        "--profile=general",
    )
    pod.cluster.kubectl(*debug, "--", "sleep", "1000")
    wait_until(lambda: pod.debug_containers()["other"].state == "running", 30, "kubectl's debug container")
    return Crowd(pod, live, ended, "other")


@pytest.mark.parametrize("named", ["all", "by its name", "by its pod"])
def test_cleanup_ends_ours_and_touches_nothing_else(crowd: Crowd, dshell: Dshell, named: str) -> None:
    pod = crowd.pod
    names = {"all": (), "by its name": (crowd.live,), "by its pod": (pod.name,)}[named]
    before = pod.debug_containers()

    done = dshell("cleanup", "-n", pod.namespace, *names)

    assert done.stdout.decode() == f"{pod.namespace}/{pod.name} {crowd.live} ended\n"
    assert "1 ended, 0 failed. Ended debug containers stay listed in their pods" in done.stderr
    assert done.code == 0
    after = pod.debug_containers()
    assert after[crowd.live].status["state"]["terminated"]["message"].strip() == "ended by a client"
    assert (after[crowd.ended], after["other"]) == (before[crowd.ended], before["other"])
    again = dshell("cleanup", "-n", pod.namespace)
    assert (again.stdout, again.stderr.splitlines()[-1], again.code) == (b"", "0 ended, 0 failed.", 0)


def test_cleanup_says_why_it_leaves_alone_what_was_named(crowd: Crowd, dshell: Dshell) -> None:
    done = dshell("cleanup", "-n", crowd.pod.namespace, crowd.ended, "other")

    where = f"{crowd.pod.namespace}/{crowd.pod.name}"
    assert set(done.stdout.decode().splitlines()) == {
        f"{where} other could not be ended: it was not created by dshell (--any-tool ends it too)",
        f"{where} {crowd.ended} already ended: by its last session",
    }
    assert "0 ended, 1 already ended, 1 failed." in done.stderr
    assert done.code == 69
    assert crowd.pod.debug_containers()["other"].state == "running"


def test_cleanup_does_nothing_when_a_name_is_unknown(crowd: Crowd, dshell: Dshell) -> None:
    namespace = crowd.pod.namespace

    done = dshell("cleanup", "-n", namespace, crowd.live, "dshell-nope1")

    assert (done.stdout, done.code) == (b"", 66)
    assert done.stderr == (
        f"error: no debug containers found for dshell-nope1 in namespace {namespace}\n"
        f"List them with: kubectl dshell ls -n {namespace}\n"
    )
    assert crowd.pod.debug_containers()[crowd.live].state == "running"
