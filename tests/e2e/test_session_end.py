"""However a session ends, its debug container ends by itself, and the app has noticed nothing."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.waiting import patient, wait_until

from .attached import runs
from .pods import STATIC, Pod, app
from .processes import every_process, processes_of
from .terminal import TerminalSession
from .traces import Before

if TYPE_CHECKING:
    import subprocess

    from .conftest import MakePod
    from .program import Dshell

SCRIPT = ("sh", "-c", "sleep 1000; touch tmp/x")
CLEAN, VANISHED = "ended by its last session", "ended after 50 s without a client"
CLEAN_SECONDS = 2.5  # 2 of the promise, and the time to start kubectl
VANISHED_SECONDS = 60.0


@pytest.fixture
def before(make_pod: MakePod) -> Before:
    return Before.of(make_pod(app(STATIC, "-signals")))


def wait_running(pod: Pod, *programs: str) -> None:
    """Wait until the debug container runs all these, by the names of their processes."""

    def running() -> bool:
        ids = [one.status.get("containerID", "//").partition("//")[2] for one in pod.debug_containers().values()]
        found = sorted(process.comm for id_ in ids if id_ for process in processes_of(id_))
        return all(found.count(name) >= programs.count(name) for name in programs)

    wait_until(running, 20, f"{programs} in the debug container of {pod.name}")


def open_shell(dshell: Dshell, pod: Pod, line: str) -> TerminalSession:
    """A shell in which `line` was typed."""
    session = dshell.terminal(pod.name)
    try:
        session.expect(r"/app:/ \$ ")
        session.send(f"{line}\n")
    except BaseException:
        session.__exit__()
        raise
    return session


def stop(name: signal.Signals) -> Callable[[TerminalSession], None]:
    return lambda session: session.process.send_signal(name)


def say(text: str) -> Callable[[TerminalSession], None]:
    return lambda session: session.send(text)


@pytest.mark.parametrize(
    ("line", "running", "end", "code"),
    [
        pytest.param("", "", say("exit 3\n"), 3, id="exit"),
        pytest.param("", "", say("\x04"), 0, id="Ctrl-D"),
        pytest.param(
            "sleep 1000 & sleep 1000 | sleep 1000 &", "sleep sleep sleep", say("exit\n"), 0, id="exit, with jobs"
        ),
        pytest.param("sleep 1000 & sleep 1000", "sleep sleep", stop(signal.SIGTERM), 143, id="SIGTERM, with jobs"),
        pytest.param("sh -c 'sleep 1000; touch tmp/x'", "sleep", stop(signal.SIGTERM), 143, id="SIGTERM in a script"),
        pytest.param("vi etc/app.yaml", "vi", stop(signal.SIGHUP), 129, id="SIGHUP in vi"),
        pytest.param("sleep 1000 & vi etc/app.yaml", "sleep vi", TerminalSession.hang_up, 129, id="window closed"),
    ],
)
def test_a_shell_ends_and_nothing_is_left(
    before: Before, dshell: Dshell, line: str, running: str, end: Callable[[TerminalSession], None], code: int
) -> None:
    with open_shell(dshell, before.pod, line) as session:
        wait_running(before.pod, *running.split())
        end(session)

        assert session.wait() == code

        assert session.modes() == session.modes_before
    before.assert_nothing_left(CLEAN, CLEAN_SECONDS)


@pytest.mark.parametrize(
    ("command", "running", "end", "code"),
    [
        pytest.param(("sh", "-c", "sleep 0.2 | cat; exit 4"), "", None, 4, id="its own end"),
        pytest.param(("sleep", "1000"), "sleep", signal.SIGINT, 130, id="Ctrl-C"),
        pytest.param(SCRIPT, "sh sleep", signal.SIGINT, 130, id="Ctrl-C in a script"),
        pytest.param(
            ("sh", "-c", "sleep 1000 | sleep 1000"), "sleep sleep", signal.SIGINT, 130, id="Ctrl-C in a pipeline"
        ),
        pytest.param(SCRIPT, "sh sleep", signal.SIGTERM, 143, id="SIGTERM in a script", marks=pytest.mark.nodes),
        pytest.param(("sh", "-c", "cat; touch tmp/x"), "cat", signal.SIGTERM, 143, id="SIGTERM while it reads"),
        pytest.param(SCRIPT, "sh sleep", signal.SIGHUP, 129, id="SIGHUP in a script"),
    ],
)
def test_a_command_ends_and_nothing_is_left(
    before: Before, dshell: Dshell, command: tuple[str, ...], running: str, end: signal.Signals | None, code: int
) -> None:
    with dshell.start(before.pod.name, "--", *command) as process:
        if end:
            wait_running(before.pod, *running.split())
            process.send_signal(end)

        out, err = process.communicate(timeout=patient(30))

        assert (out, err, process.returncode) == (b"", b"", code)
    before.assert_nothing_left(CLEAN, CLEAN_SECONDS)


@pytest.mark.parametrize(
    "loop",
    [
        pytest.param("while :; do echo on; sleep 0.2; done", id="one after another"),
        pytest.param("trap '' INT TERM; while :; do sleep 0.05; done", id="ignores signals"),
        pytest.param("while :; do (sleep 0.01; ls /bin | cat >/dev/null); done", id="subshells and pipelines"),
        pytest.param("for i in 1 2 3; do while :; do sleep 0.1; done & done; wait", id="at once"),
    ],
)
def test_a_loop_that_is_cut_short_leaves_no_zombie(before: Before, dshell: Dshell, loop: str) -> None:
    """Ended anywhere in its course; killed before it has reaped its child, that stays below the app for ever."""
    for _ in range(3):
        with dshell.start(before.pod.name, "--new", "--", "sh", "-c", loop) as process:
            wait_until(lambda: runs(before.pod, "sh", "-c", loop), 60, "the loop")
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)

            assert process.returncode == 143
        before.assert_nothing_left(CLEAN, 15)


@pytest.mark.nodes
def test_a_vanished_client_is_noticed_within_a_minute_and_nothing_is_left(make_pod: MakePod, dshell: Dshell) -> None:
    """All at once: a client that was killed says nothing, and the lease of each takes its time."""
    pods = [Before.of(make_pod(app(STATIC, "-signals"))) for _ in range(4)]
    shells = {"sleep 1000 & sleep 1000": "sleep sleep", "vi etc/app.yaml": "vi", "sleep 1000 | cat": "sleep cat"}
    with ExitStack() as stack:
        clients: list[subprocess.Popen[bytes]] = []
        for before, (line, running) in zip(pods, shells.items(), strict=False):
            clients.append(stack.enter_context(open_shell(dshell, before.pod, line)).process)
            wait_running(before.pod, *running.split())
        clients.append(stack.enter_context(dshell.start(pods[-1].pod.name, "--", *SCRIPT)))
        wait_running(pods[-1].pod, "sh", "sleep")

        for client in clients:
            client.kill()
        killed = time.monotonic()

        for before in pods:
            before.assert_nothing_left(VANISHED, killed + VANISHED_SECONDS - time.monotonic())


def test_nobody_writes_into_the_apps_files_but_the_user(before: Before, dshell: Dshell) -> None:
    with dshell.terminal(before.pod.name) as session:
        session.expect(r"/app:/ \$ ")
        session.send("cd home/nonroot && cat ../../app/secret.txt\n")
        session.expect("only the app reads this")
        session.send("vi ../../etc/app.yaml\n")
        session.expect("greeting: hello")
        session.send(":q\n")
        session.expect(r"home/nonroot \$ ")
        session.send("top\n")
        session.expect("Load average")
        session.send("q")
        session.expect(r"home/nonroot \$ ")
        session.send("exit\n")
        assert session.wait() == 0
    before.assert_nothing_left(CLEAN, CLEAN_SECONDS)

    assert dshell(before.pod.name, "--", "touch", "tmp/x").code == 0
    with pytest.raises(AssertionError, match="/tmp/x"):
        before.assert_untouched()


def test_the_client_does_not_wait_for_the_clean_up(before: Before, dshell: Dshell) -> None:
    """What ignores signals is killed half a second after the goodbye: seen alive if the client is quicker."""
    stubborn = "trap '' INT HUP TERM; sleep 1000 </dev/null >/dev/null 2>&1 & sleep 0.1"
    alive = []
    for _ in range(3):
        assert dshell(before.pod.name, "--new", "--", "sh", "-c", stubborn).code == 0
        alive.append(any(process.comm == "sleep" and process.ppid == before.app.pid for process in every_process()))

    assert any(alive)


def test_a_running_session_does_not_delay_the_deletion_of_its_pod(make_pod: MakePod, dshell: Dshell) -> None:
    pods = [make_pod(app(STATIC), terminationGracePeriodSeconds=30) for _ in range(2)]
    with dshell.start(pods[0].name, "--", *SCRIPT) as command, open_shell(dshell, pods[0], "sleep 1000") as shell:
        wait_running(pods[0], "sh", "sleep", "sleep")
        seconds = []
        for pod in pods:
            began = time.monotonic()
            pod.cluster.kubectl("delete", "pod", pod.name, "-n", pod.namespace)
            seconds.append(time.monotonic() - began)

        assert seconds[0] < seconds[1] + 5, seconds
        assert (command.wait(10), shell.wait(10)) == (66, 66)
