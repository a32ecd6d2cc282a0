"""A client that leaves while its debug container starts leaves nothing there, and one that is only slow is served."""

from __future__ import annotations

import signal
import subprocess
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .conftest import MakePod
    from .pods import Pod
    from .program import Dshell

NOBODY = "ended after 4 s without its first client"


@pytest.fixture
def dshell(dshell: Dshell) -> Dshell:
    """As patient as it is for everybody."""
    return replace(dshell, patience=1)


@contextmanager
def added(pod: Pod) -> Iterator[Callable[[], None]]:
    """Yields what waits for the first entry, and knows of it some hundredths of a second later."""
    names = "jsonpath={.spec.ephemeralContainers[*].name}{'\\n'}"
    command = [pod.cluster.kubectl_program, "--kubeconfig", str(pod.cluster.kubeconfig)]
    command += ["get", "pod", pod.name, "-n", pod.namespace, "--watch", "-o", names]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as watch:
        assert watch.stdout
        assert watch.stdout.readline().strip() == b""

        def wait() -> None:
            assert watch.stdout
            for line in watch.stdout:
                if line.strip():
                    return
            raise AssertionError("no more changes")

        yield wait
        watch.kill()


def lived(pod: Pod, name: str) -> tuple[float, str]:
    """For how many seconds it ran, and what it said in the end."""
    ended = pod.wait_terminated(name, 30)
    began, over = (datetime.fromisoformat(ended[key]) for key in ("startedAt", "finishedAt"))
    return (over - began).total_seconds(), ended["message"].strip()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda n: n.name)
def test_who_leaves_during_the_start_has_nothing_in_the_pod_five_seconds_after_it_came_up(
    make_pod: MakePod, dshell: Dshell, number: signal.Signals
) -> None:
    pod = make_pod()
    with added(pod) as wait, dshell.start(pod.name, "--", "sleep", "1000") as client:
        wait()
        client.send_signal(number)
        out, err = client.communicate(timeout=5)

    assert (out, err) == (b"", b"")
    assert client.returncode in (128 + number, -number)
    (name,) = pod.debug_containers()
    seconds, message = lived(pod, name)
    assert seconds <= 5, message
    assert message in (NOBODY, "ended by its last session")


def test_who_was_too_slow_for_the_first_debug_container_gets_another_and_nothing_runs_twice(
    make_pod: MakePod, dshell: Dshell
) -> None:
    pod = make_pod()
    command = ("sh", "-c", "echo run >>tmp/runs; cat")
    with added(pod) as wait, dshell.start(pod.name, "--", *command) as client:
        wait()
        client.send_signal(signal.SIGSTOP)
        (first,) = pod.debug_containers()
        assert lived(pod, first)[1] == NOBODY
        client.send_signal(signal.SIGCONT)
        out, err = client.communicate(b"all of it\n", timeout=30)

    said = err.decode()
    assert (client.returncode, out) == (0, b"all of it\n"), said
    assert f"the debug container {first} {NOBODY}; starting another one, which waits 50 s" in said
    second = next(name for name in pod.debug_containers() if name != first)
    wait_until(lambda: pod.debug_containers()[second].state == "terminated", 20, f"the end of {second}")
    runs = dshell(pod.name, "--", "cat", "tmp/runs")
    assert runs.stdout == b"run\n"
