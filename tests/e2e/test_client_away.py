"""A client that was away for longer than its lease (stopped, asleep, cut off) is told so when it is back."""

from __future__ import annotations

import re
import signal
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from tests.waiting import wait_until

from .attached import attached, tethered
from .processes import processes_of
from .tcp_proxy import TcpProxy

if TYPE_CHECKING:
    from pathlib import Path

    from .cluster import Cluster
    from .conftest import MakePod
    from .pods import Pod
    from .program import Dshell

CONNECTION_LOST = 76
LEASE, BEAT = 50, 15
SILENT = "exec 2>/dev/null"  # a shell that outlives its program for a moment says which signal ended it
AWAY = re.compile(
    r"error: (this session in dshell-\w+ was ended after 50 s without a client: "
    r"this client was silent for [\dms]+ \(stopped, asleep, or cut off\?\)"
    r"|the debug container dshell-\w+ ended after 50 s without a client)\r?\n"
    r"Retry with: kubectl dshell web-\w+ -n \S+\r?\n"
)


def runs(pod: Pod, program: str, count: int = 1) -> bool:
    ids = [one.status.get("containerID", "//").partition("//")[2] for one in pod.debug_containers().values()]
    return sum(process.comm == program for id_ in ids if id_ for process in processes_of(id_)) >= count


def test_who_was_stopped_for_longer_than_the_lease_is_told_so_and_who_ended_before_keeps_its_exit_code(
    make_pod: MakePod, dshell: Dshell
) -> None:
    """All at once, for each takes its minute."""
    pods = [make_pod() for _ in range(7)]
    words = {
        "command": (pods[0].name, "--", "sleep", "1000"),
        "traps": (pods[1].name, "--", "sh", "-c", "trap 'exit 3' INT; sleep 1000 & wait"),
        "piped": (pods[2].name, "--", "sh", "-c", f"{SILENT}; sleep 1000; cat"),
        "kept": (pods[3].name, "--keep", "10m", "--", "sleep", "1000"),
    }
    own_end = pods[4]
    with ExitStack() as stack:
        shell = stack.enter_context(dshell.terminal(pods[5].name))
        shell.expect(r"/app:/ \$ ")
        shell.send("sleep 1000\n")
        clients = {name: stack.enter_context(dshell.start(*argv)) for name, argv in words.items()}
        many = stack.enter_context(dshell.start(pods[6].name, pods[6].name, "-q", "--", "sleep", "1000"))
        others = [pod for pod in pods if pod is not own_end]
        wait_until(lambda: all(runs(pod, "sleep") for pod in others), 30, "sleep in each pod")
        wait_until(lambda: attached(dshell, *others), 30, "a client in each debug container")
        wait_until(lambda: all(tethered(pod) for pod in others[:-1]), 30, "a tether of each that is alone")
        clients["own end"] = stack.enter_context(dshell.start(own_end.name, "--", "sh", "-c", "sleep 25; exit 130"))
        wait_until(lambda: tethered(own_end), 20, "a tether while the command runs")  # what knows who ended it
        everyone = [shell.process, many, *clients.values()]

        for process in everyone:
            process.send_signal(signal.SIGSTOP)
        stopped = time.monotonic()
        wait_until(lambda: not any(runs(pod, "sleep") for pod in pods), LEASE + 20, "the end of each sleep")
        assert time.monotonic() - stopped > LEASE - BEAT - 5
        for pod in pods[:3]:
            (name,) = pod.debug_containers()
            pod.wait_terminated(name, LEASE)
        for process in everyone:
            process.send_signal(signal.SIGCONT)

        results = {name: (p.communicate(timeout=20)[1].decode(), p.returncode) for name, p in clients.items()}
        for name in ("command", "traps", "piped", "kept"):
            said, code = results[name]
            assert code == CONNECTION_LOST, (name, said, code)
            assert AWAY.fullmatch(said), (name, said)
        assert results["own end"] == ("", 130)
        assert shell.wait(20) == CONNECTION_LOST
        assert AWAY.search(shell.text), shell.text
        assert shell.modes() == shell.modes_before
        _, err = many.communicate(timeout=20)
        assert b"50 s without a client" in err
        assert many.returncode != 130
    (kept,) = pods[3].debug_containers().values()
    assert kept.state == "running"


def test_words_that_arrive_late_do_not_prolong_what_their_client_has_left(
    make_pod: MakePod, dshell: Dshell, cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    """A network that swallows nothing but delivers late, after the client that it kept waiting has gone."""
    pod = make_pod()
    with TcpProxy(cluster.address()) as proxy:
        kubeconfig = proxy.kubeconfig(tmp_path / "far", cluster, cluster.credentials(), namespace)
        with dshell.with_kubeconfig(kubeconfig).start(pod.name, "--", "sleep", "1000") as client:
            wait_until(lambda: runs(pod, "sleep"), 30, "sleep")
            wait_until(lambda: tethered(pod) and attached(dshell, pod, within=1), 30, "a tether, and a beat just now")
            proxy.stall()
            stalled = time.monotonic()
            time.sleep(2 * BEAT + 1)  # it goes on speaking
            client.kill()
            left = time.monotonic()
            time.sleep(max(0.0, stalled + LEASE - 5 - time.monotonic()))
            assert runs(pod, "sleep")
            proxy.proceed()

            wait_until(lambda: not runs(pod, "sleep"), left + 60 - time.monotonic(), "the end a minute later")
    assert time.monotonic() - stalled > LEASE  # what arrived late counted for what it was worth
