"""The network goes away in a session: the terminal is given back, and the way back in is said and works."""

from __future__ import annotations

import re
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .pods import STATIC, app
from .tcp_proxy import TcpProxy
from .traces import Before

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .cluster import Cluster
    from .conftest import MakePod
    from .pods import Pod
    from .program import Dshell

PROMPT = r"/app:/ \$ "
SILENCE_SECONDS = 30.0  # after which nobody is there any more
LEASE_MESSAGE = "ended after 50 s without a client"


@pytest.fixture
def proxy(cluster: Cluster) -> Iterator[TcpProxy]:
    with TcpProxy(cluster.address()) as proxy:
        yield proxy


@pytest.fixture
def far(proxy: TcpProxy, cluster: Cluster, namespace: str, dshell: Dshell, tmp_path: Path) -> Dshell:
    """The program behind the proxy."""
    kubeconfig = proxy.kubeconfig(tmp_path / "far", cluster, cluster.credentials(), namespace)
    return dshell.with_kubeconfig(kubeconfig)


def lost(pod: Pod) -> re.Pattern[str]:
    """The two lines at the end of a lost session."""
    return re.compile(
        rf"error: connection to {pod.name} lost \(.+\); the debug container keeps running for up to a minute\s+"
        rf"Reattach with: kubectl dshell attach {pod.name}/dshell-\w+ -n {pod.namespace}\s+$"
    )


def test_who_lost_the_connection_is_told_and_comes_back_to_the_same_container(
    make_pod: MakePod, far: Dshell, dshell: Dshell, proxy: TcpProxy
) -> None:
    pod = make_pod()
    with ExitStack() as stack:
        session = stack.enter_context(far.terminal(pod.name))
        session.expect(PROMPT)
        session.send("echo still here >/tmp/note\n")
        session.expect(PROMPT)
        piped = stack.enter_context(far.start(pod.name, "--", "sh", "-c", "echo on; sleep 1000"))
        assert piped.stdout
        assert piped.stdout.readline() == b"on\n"
        (name,) = pod.debug_containers()

        proxy.refuse()

        assert session.wait(10) == 76
        assert lost(pod).search(session.text)
        assert session.modes() == session.modes_before
        out, err = piped.communicate(timeout=10)
        assert (out, piped.returncode) == (b"", 76)
        assert lost(pod).fullmatch(err.decode())

    again = dshell(pod.name, "--", "cat", "/tmp/note")

    assert (again.stdout, again.code) == (b"still here\n", 0)
    assert list(pod.debug_containers()) == [name]


def test_a_reset_leaves_the_debug_container_though_the_network_is_back_at_once(
    make_pod: MakePod, far: Dshell, proxy: TcpProxy
) -> None:
    pod = make_pod()
    with far.terminal(pod.name) as session:
        session.expect(PROMPT)
        session.send("echo still here >/tmp/note\n")
        session.expect(PROMPT)

        proxy.cut()

        assert session.wait(10) == 76
        assert lost(pod).search(session.text)

    with far.terminal(pod.name) as session:
        session.expect(r"dshell-\w+ \(reused\) in ")
        session.send("cat /tmp/note; exit 3\n")
        session.expect("still here")
        assert session.wait() == 3


def test_a_silent_network_is_noticed_in_half_a_minute_and_the_debug_containers_end_in_a_minute(
    make_pod: MakePod, far: Dshell, proxy: TcpProxy
) -> None:
    """A shell, a command that prints and one that reads: nobody sends an end, so only a clock can tell."""
    pods = [Before.of(make_pod(app(STATIC, "-signals"))) for _ in range(3)]
    commands = ["while :; do echo on; sleep 0.2; done", "cat; touch tmp/x"]
    with ExitStack() as stack:
        shell = stack.enter_context(far.terminal(pods[0].pod.name))
        shell.expect(PROMPT)
        piped = [
            stack.enter_context(far.start(before.pod.name, "--", "sh", "-c", command))
            for before, command in zip(pods[1:], commands, strict=True)
        ]
        printing, reading = piped
        assert printing.stdout
        assert printing.stdout.readline() == b"on\n"
        assert reading.stdin
        assert reading.stdout
        reading.stdin.write(b"passed on\n")
        reading.stdin.flush()
        assert reading.stdout.readline() == b"passed on\n"

        proxy.blackhole()
        silent = time.monotonic()

        for process, before in zip(piped, pods[1:], strict=True):
            _, err = process.communicate(timeout=silent + SILENCE_SECONDS + 17 - time.monotonic())
            assert process.returncode == 76
            assert lost(before.pod).fullmatch(err.decode())
        assert shell.wait(max(1.0, silent + SILENCE_SECONDS + 17 - time.monotonic())) == 76
        assert lost(pods[0].pod).search(shell.text)
        assert shell.modes() == shell.modes_before
        assert time.monotonic() - silent > SILENCE_SECONDS - 16  # not at the first quiet moment

        for before in pods:
            before.assert_nothing_left(LEASE_MESSAGE, silent + 60 - time.monotonic())
