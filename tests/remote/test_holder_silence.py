"""What the holder does when it hears nothing, or hears it late, and when its pod is being stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from kubectl_dshell.remote import exec_script, protocol
from tests.remote.rig import Debug, Namespace, Process, Shell, pod
from tests.waiting import wait_until

pytestmark = pytest.mark.terminal
each_shell = pytest.mark.parametrize("shell", ["busybox", "bash", "dash+bash"])
each_namespace = pytest.mark.parametrize("kind", ["own", "shared", "host"])
A, B = "aaaaaaaa", "bbbbbbbb"
FIRST = "ended after 1 s without its first client"
STOPPED = "ended by the cluster"


def tell(tether: Process, *words: bytes) -> None:
    for word in words:
        tether.say(word)
        tether.hear(word)


def lives(debug: Debug, seconds: float) -> bool:
    try:
        debug.holder.ended(seconds)
    except subprocess.TimeoutExpired:
        return True
    return False


def begun(debug: Debug, session: str, *command: str) -> Process:
    """A command that says when it runs."""
    made = debug.run(session, "sleep", *command)
    wait_until(lambda: "sleep" in debug.commands(), 10)
    return made


@each_shell
def test_the_first_client_is_waited_for_as_long_as_is_said_and_the_lease_is_for_those_that_came(
    place: Path, shell: Shell
) -> None:
    with pod(place) as made:
        lonely = Debug(made, shell, starter=f"{A} 1")
        visited = Debug(made, shell, starter=f"{A} 1")
        begun(visited, A, "1000")

        assert lonely.holder.ended() == 0
        assert lonely.message() == FIRST
        assert lives(visited, 2.5)


@each_shell
def test_who_comes_after_the_first_wait_and_finds_another_there_is_let_in(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, starter=f"{A} 1")
        tell(tether := debug.tether(B), protocol.beat(B, 50))
        assert lives(debug, 2.5)

        late = begun(debug, A, "1000")
        tell(tether, protocol.bye(B))

        assert lives(debug, 1)
        assert late.outer.poll() is None


@pytest.mark.parametrize("tenths", range(8, 26, 2))
def test_an_exec_that_comes_as_the_first_wait_ends_runs_whole_or_not_at_all(place: Path, tenths: int) -> None:
    """What was not run may be run again elsewhere."""
    with pod(place) as made:
        debug = Debug(made, "busybox", starter=f"{A} 1")
        command = ["sh", "-c", "echo >tmp/begun; sleep 0.3; echo >tmp/ended"]
        exec_ = exec_script.command_exec(made.app.id, A, command)
        late = debug.container.start(["sh", "-c", f"sleep {tenths / 10}; {exec_.argv[2]}", *exec_.argv[3:]])
        late.say(exec_.text)

        code = late.ended()

        begun, ended = ((made.app.root / "tmp" / name).exists() for name in ("begun", "ended"))
        assert (begun, ended) == ((True, True) if code == 0 else (False, False))
        assert code in (0, 73, 137)


@each_shell
@pytest.mark.parametrize(
    ("command", "code"),
    [
        pytest.param(("sleep", "1000"), protocol.LAPSED, id="runs"),
        pytest.param((), protocol.LAPSED_IDLE, id="nothing"),
        pytest.param(("sh", "-c", "sleep 1000 & exit 130"), protocol.LAPSED_IDLE, id="ended, and left something"),
    ],
)
def test_a_tether_tells_whether_its_session_was_ended_in_silence_or_had_ended_before(
    place: Path, shell: Shell, command: tuple[str, ...], code: int
) -> None:
    with pod(place) as made:
        debug = Debug(made, shell)
        guest, tether = debug.tether(B), debug.tether(A)
        tell(guest, protocol.beat(B, 50))
        run = debug.run(A, *command) if command else None
        if run and code == protocol.LAPSED_IDLE:
            assert run.ended() == 130
        if run:
            wait_until(lambda: "sleep" in debug.commands(), 10)

        tell(tether, protocol.beat(A, 1))

        assert tether.ended() == code
        wait_until(lambda: "sleep" not in debug.commands(), 10)
        tell(guest, protocol.beat(B, 50))


@each_shell
def test_a_beat_counts_from_when_it_was_said_and_takes_nothing_from_a_later_one(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        late, mixed = Debug(made, shell), Debug(made, shell)
        one, other = late.tether(A), mixed.tether(A)

        tell(one, protocol.beat(A, 2, at=1000), protocol.beat(A, 30, at=972))
        tell(other, protocol.beat(A, 30, at=1000), protocol.beat(A, 30, at=971))

        assert late.holder.ended(12) == 0
        assert late.message() == "ended after 30 s without a client"
        assert lives(mixed, 1)


@each_shell
@each_namespace
def test_in_a_pod_that_is_being_stopped_a_session_lives_until_its_app_ends_and_no_longer(
    place: Path, shell: Shell, kind: Namespace
) -> None:
    with pod(place, kind) as made:
        debug = Debug(made, shell)
        (holder,) = debug.container.pids()
        tether = debug.tether(A)
        tell(tether, protocol.beat(A, 50))
        work = debug.run(A, "sleep", "1000")
        wait_until(lambda: "sleep" in debug.commands(), 10)

        os.kill(holder, signal.SIGTERM)

        assert tether.hear(protocol.LEAVING + b"\n")
        tell(tether, protocol.beat(A, 50))
        tell(debug.tether(B), protocol.beat(B, 50))
        assert lives(debug, 1)
        os.kill(made.app_pid, signal.SIGKILL)
        killed = time.monotonic()
        debug.holder.ended()
        assert time.monotonic() - killed < 3
        assert kind == "own" or debug.message() == STOPPED
        assert work.ended() == 137


@each_shell
def test_in_a_pod_that_is_being_stopped_the_last_goodbye_ends_it_as_ever(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell)
        (holder,) = debug.container.pids()
        tell(tether := debug.tether(A), protocol.beat(A, 50))
        os.kill(holder, signal.SIGTERM)
        tether.hear(protocol.LEAVING)

        tell(tether, protocol.bye(A))

        assert debug.holder.ended() == 0


@each_shell
def test_a_pod_is_not_kept_from_stopping_by_one_that_nobody_is_in_or_that_sees_no_app(
    place: Path, shell: Shell
) -> None:
    with pod(place, "shared") as made:
        empty, blind = Debug(made, shell), Debug(made, shell)
        holders = [*empty.container.pids(), *blind.container.pids()]
        tell(tether := empty.tether(A), protocol.beat(A, 50), protocol.keep(100), protocol.bye(A))
        tether.close_input()
        blind.target = blind.container
        for holder in holders:
            os.kill(holder, signal.SIGTERM)

        assert blind.holder.ended() == 0
        assert lives(empty, 1)  # kept, and its app lives
        os.kill(made.app_pid, signal.SIGKILL)
        assert empty.holder.ended() == 0
        assert (empty.message(), blind.message()) == (STOPPED, STOPPED)
