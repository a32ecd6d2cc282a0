"""A pod that is being deleted: sessions live as long as the app, are told so, and delay nothing."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests.waiting import wait_until

from .attached import attached
from .pods import STATIC, Pod, app

if TYPE_CHECKING:
    from .cluster import Json
    from .conftest import MakePod
    from .program import Dshell

NOT_FOUND = 66
GRACE = 30
ITS_END = 15  # seconds that the slow app takes
SLOW: Json = {
    "name": "app",
    "image": "busybox:1.37",
    "command": ["sh", "-c", f"trap 'sleep {ITS_END}; exit' TERM; echo serving; while :; do sleep 0.2; done"],
    "securityContext": {"runAsUser": 65532, "runAsGroup": 65532},
}
KINDS: dict[str, dict[str, Any]] = {"own": {}, "shared": {"shareProcessNamespace": True}, "host": {"hostPID": True}}
NOISE = 3.0  # of a deletion on a busy machine


def delete(pod: Pod) -> float:
    """How long it takes until the pod is gone."""
    began = time.monotonic()
    pod.cluster.kubectl("delete", "pod", pod.name, "-n", pod.namespace)
    return time.monotonic() - began


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_session_lives_as_long_as_its_app_is_told_what_is_left_and_does_not_delay_the_deletion(
    make_pod: MakePod, dshell: Dshell, kind: str
) -> None:
    spec: dict[str, Any] = {"terminationGracePeriodSeconds": GRACE, **KINDS[kind]}
    slow, slow_alone = (make_pod(SLOW, **spec) for _ in range(2))
    quick, quick_alone = (make_pod(app(STATIC), **spec) for _ in range(2))
    with ExitStack() as stack:
        shell = stack.enter_context(dshell.terminal(slow.name))
        shell.expect(r"/app:/ \$ ")
        beside = stack.enter_context(dshell.start(quick.name, "--", "sh", "-c", "trap '' INT TERM; sleep 1000; :"))
        wait_until(quick.debug_containers, 20, "a debug container")
        (name,) = slow.debug_containers()
        wait_until(lambda: attached(dshell, slow, quick), 30, "a client in each debug container")
        pool = stack.enter_context(ThreadPoolExecutor(7))
        gone = {pod.name: pool.submit(delete, pod) for pod in (slow, slow_alone, quick, quick_alone)}

        shell.expect(rf"pod {slow.name} is being deleted: about (\d+) s left, less if the app exits sooner")
        shell.send("echo still $((40 + 2))\n")
        shell.expect("still 42")
        joined = pool.submit(dshell, "attach", f"{slow.name}/{name}", "--", "cat", "etc/passwd")
        reused = pool.submit(dshell, slow.name, "--", "cat", "etc/passwd")
        refused = pool.submit(dshell, slow.name, "--new", "--", "true").result()

        for result in (joined.result(), reused.result()):
            assert result.code == 0, result.stderr
            assert b"root:x:0:0" in result.stdout
        assert refused.code == NOT_FOUND
        assert refused.stderr.splitlines() == [
            f"error: pod {slow.name} is being deleted: no new debug container can start in it",
            f"Attach to one that is running in it, possibly not yours: kubectl dshell attach {slow.name}/{name} -n {slow.namespace}",
        ]
        seconds = {pod: future.result() for pod, future in gone.items()}
        assert seconds[quick.name] < seconds[quick_alone.name] + NOISE, seconds
        assert ITS_END - 1 < seconds[slow.name] < seconds[slow_alone.name] + NOISE, seconds
        assert shell.wait(10) == NOT_FOUND
        assert beside.wait(10) == NOT_FOUND
    assert len(re.findall("is being deleted: about", shell.text)) == 1
    (left,) = re.findall(r"about (\d+) s left", shell.text)
    assert GRACE - 10 <= int(left) <= GRACE
    ended = rf"error: pod {slow.name} (was|is being) deleted, which ended this session"
    assert re.search(ended, shell.text), shell.text


def test_an_app_that_takes_its_whole_grace_is_looked_at_until_then(make_pod: MakePod, dshell: Dshell) -> None:
    """Its first process has no handler for SIGTERM, so that the kernel keeps it: the most common case of all."""
    spec: dict[str, Any] = {"terminationGracePeriodSeconds": 12}
    stubborn: Json = {**SLOW, "command": ["sleep", "1000"]}
    pod, alone = (make_pod(stubborn, **spec) for _ in range(2))
    with dshell.start(pod.name, "--", "sh", "-c", "while :; do echo on; sleep 0.5; done") as watching:
        assert watching.stdout
        assert watching.stdout.readline() == b"on\n"
        with ThreadPoolExecutor(2) as pool:
            seconds = list(pool.map(delete, (pod, alone)))
        out, err = watching.communicate(timeout=10)

    assert watching.returncode == NOT_FOUND
    assert len(out.splitlines()) > 2 * (12 - 4)
    assert seconds[0] < seconds[1] + NOISE, seconds
    assert f"pod {pod.name} is being deleted: about ".encode() in err


def test_a_session_in_a_sidecar_lives_as_long_as_that_which_is_stopped_last(make_pod: MakePod, dshell: Dshell) -> None:
    """The node asks a sidecar to end when the app has ended, and its debug container with all the others."""
    sidecar = {**SLOW, "name": "mesh", "restartPolicy": "Always"}
    spec: dict[str, Any] = {"terminationGracePeriodSeconds": GRACE, "initContainers": [sidecar]}
    pod, alone = (make_pod(SLOW, **spec) for _ in range(2))
    loop = ("sh", "-c", "while :; do echo on; sleep 0.5; done")
    with dshell.start(pod.name, "-c", "mesh", "--", *loop) as watching:
        assert watching.stdout
        assert watching.stdout.readline() == b"on\n"
        with ThreadPoolExecutor(2) as pool:
            seconds = list(pool.map(delete, (pod, alone)))
        out, _ = watching.communicate(timeout=10)

    assert watching.returncode == NOT_FOUND
    assert len(out.splitlines()) > 2 * (2 * ITS_END - 5)
    assert seconds[0] < seconds[1] + NOISE, seconds


def test_what_is_kept_lives_on_and_can_be_joined_in_a_pod_that_is_being_deleted(
    make_pod: MakePod, dshell: Dshell
) -> None:
    pod = make_pod(SLOW, terminationGracePeriodSeconds=GRACE)
    assert dshell(pod.name, "--keep", "5m", "--", "true").code == 0
    pod.delete()
    wait_until(lambda: "deletionTimestamp" in pod.json()["metadata"], 20, "the pod's deletion")

    joined = dshell("attach", pod.name, "--", "cat", "etc/passwd")

    assert (joined.code, b"root:x:0:0" in joined.stdout) == (0, True), joined.stderr
    wait_until(
        lambda: dshell.with_kubeconfig(dshell.kubeconfig)(pod.name, "--", "true").code == NOT_FOUND, GRACE, "its end"
    )
