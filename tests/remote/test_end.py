"""A debug container of any tool is ended through its own processes, and no other process notices."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from kubectl_dshell.remote import script
from tests.remote.container import Container, Process
from tests.remote.rig import Debug, Namespace, Pod, Shell, furnish, pod
from tests.waiting import wait_until

pytestmark = pytest.mark.terminal
two_shells = pytest.mark.parametrize("shell", ["busybox", "dash+bash"])
LOOP = "while true; do sleep 1; done"
WORK = {
    "a program": (["sleep", "1000"], "sleep"),
    "a program that ignores what it can": (["sh", "-c", "trap '' INT HUP TERM; exec sleep 1000"], "sleep"),
    "a script that starts one after another": (["sh", "-c", LOOP], "sh sleep"),
    "a script that ignores what it can": (["sh", "-c", f"trap '' INT HUP TERM; {LOOP}"], "sh sleep"),
    "a pipeline": (["sh", "-c", "sleep 1000 | cat; sleep 1000"], "sh cat sleep"),
}

# It can only be killed, and so does not reap what was killed before it.
ZOMBIES = {"a script that ignores what it can": 1}


def other_tools(made: Pod, shell: Shell, *argv: str, tty: bool = False, own_pids: bool = False) -> Container:
    """A debug container that knows nothing of us, running `argv`."""
    container = made.container("other")
    furnish(container, shell)
    container.env = {"PATH": "/bin", "HOME": "/"}
    if own_pids:
        container.pid_namespace = lambda: f"/proc/{container.pids()[0]}/ns/pid" if container.processes else ""
    container.start(list(argv), tty=tty)
    return container


def runs(container: Container, names: str) -> bool:
    """Whether its processes are these, each asleep under its own name."""
    states = container.states()
    return sorted(names.split()) == sorted(state[1].strip("()") for state in states) and all(
        state[2] == "S" for state in states
    )


def end(container: Container) -> Process:
    ending = container.start(["sh"])
    ending.say(script.end().encode())
    return ending


@pytest.mark.parametrize(
    ("shell", "kind", "work"),
    [
        *((shell, "own", work) for shell in ("busybox", "bash") for work in WORK),
        *(("dash", kind, "a script that starts one after another") for kind in ("own", "shared", "host")),
        *(("busybox", kind, "a pipeline") for kind in ("shared", "host")),
    ],
)
def test_all_of_it_ends_and_the_app_and_a_neighbour_go_on(
    place: Path, shell: Shell, kind: Namespace, work: str
) -> None:
    argv, names = WORK[work]
    with pod(place, kind) as made:
        neighbour = Debug(made, "busybox")
        neighbour.run("bbbbbbbb", "sleep", "1000")
        wait_until(lambda: "sleep" in neighbour.commands() and neighbour.container.asleep(3), 10)
        before = made.app.states(), neighbour.container.states()
        other = other_tools(made, shell, *argv)
        wait_until(lambda: runs(other, names), 10, other.states)

        started = time.monotonic()
        end(other)

        wait_until(lambda: not other.pids(), 10)
        assert time.monotonic() - started < 8
        assert (made.app.states(), neighbour.container.states()) == before
        assert len(made.zombies()) <= ZOMBIES.get(work, 0)


@pytest.mark.parametrize("shell", ["busybox", "bash"])
@pytest.mark.parametrize(
    "typed", [b"", b"sleep 1000\n", b"sleep 1000 & sleep 1001\n", b"sh -c 'sleep 1000; sleep 1001'\n"]
)
def test_an_interactive_shell_ends_with_what_was_typed_there(place: Path, shell: Shell, typed: bytes) -> None:
    with pod(place) as made:
        other = other_tools(made, shell, "sh", "-i", tty=True)
        terminal = other.processes[0]
        terminal.say(b"echo rea''dy\n")
        terminal.hear(b"ready\r\n")
        terminal.say(typed)
        wait_until(lambda: str(other.states()).count("sleep") == min(1, len(typed)) + typed.count(b"&"), 10)
        before = made.app.states()

        end(other)

        wait_until(lambda: not other.pids(), 10)
        assert made.app.states() == before
        assert made.zombies() == []


@pytest.mark.parametrize("private", [True, False])
def test_with_version_2_too(place: Path, private: bool) -> None:
    with pod(place, "shared", version_2=True, cgroup_namespace=private) as made:
        before = made.app.states()
        other = other_tools(made, "busybox", "sh", "-c", LOOP)
        wait_until(lambda: runs(other, "sh sleep"), 10)

        end(other)

        wait_until(lambda: not other.pids(), 10)
        assert made.app.states() == before


@two_shells
def test_a_first_process_that_no_signal_from_inside_ends_is_said_and_nothing_signalled(
    place: Path, shell: Shell
) -> None:
    with pod(place) as made:
        other = other_tools(made, shell, "sh", "-c", "sleep 1000 & sleep 1001; sleep 1002", own_pids=True)
        wait_until(lambda: runs(other, "sh sleep sleep"), 10)
        before = other.states()

        ending = end(other)

        assert ending.ended() == 0
        assert ending.printed() == b"dshell-end first\n"
        assert other.states() == before


def test_a_process_that_shares_only_the_cgroup_or_only_the_root_is_not_ours(place: Path) -> None:
    """In the app's cgroup with the root of the debug container, and the other way round."""
    with pod(place) as made:
        other = other_tools(made, "busybox", "sleep", "1000")
        replace(made.app, root=other.root).start(["/bin/sleep", "1000"])
        replace(other, root=made.app.root, processes=made.app.processes).start(["/sleep", "1000"])
        wait_until(lambda: made.app.asleep(2), 10)
        before = made.app.states()
        stranger = other.pids()[-1]

        end(other)

        wait_until(lambda: other.pids() in ([], [stranger]), 10)
        assert made.app.states() == before


def test_half_a_script_does_nothing(place: Path) -> None:
    text = script.end().encode()
    with pod(place) as made:
        other = other_tools(made, "busybox", "sleep", "1000")
        wait_until(lambda: runs(other, "sleep"), 10)
        for length in (len(text) // 3, len(text) // 2, len(text) - len("main\n")):
            ending = other.start(["sh"])
            ending.say(text[:length])
            ending.close_input()
            ending.ended()

        assert runs(other, "sleep")


@two_shells
def test_one_of_ours_whose_holder_does_not_listen_ends_too(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell)
        debug.run("aaaaaaaa", "sleep", "1000")
        debug.tether("aaaaaaaa").hear(b"\n")
        wait_until(lambda: "sleep" in debug.commands(), 10)
        os.kill(debug.container.pids()[0], signal.SIGSTOP)
        before = made.app.states()

        end(debug.container)

        wait_until(lambda: not debug.container.pids(), 10)
        assert made.app.states() == before
