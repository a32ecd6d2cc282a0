"""A command that says goodbye itself, so that nobody else needs to."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubectl_dshell.remote import protocol
from tests.remote.rig import Debug, Process, Shell, pod
from tests.waiting import wait_until

pytestmark = pytest.mark.terminal
each_shell = pytest.mark.parametrize("shell", ["busybox", "bash", "dash+bash"])
A, B = "aaaaaaaa", "bbbbbbbb"


def task(debug: Debug, session: str, *command: str) -> Process:
    return debug.container.start(protocol.task_argv(debug.target.id, session, list(command)), stdin=False)


def sessions(debug: Debug) -> int:
    _, live = debug.state()
    assert live is not None
    return live.clients


@each_shell
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("true",), 0),
        (("sh", "-c", "exit 42"), 42),
        (("sh", "-c", "exit 70"), 70),
        (("no-such-program",), 127),
        (("-no-such-flag",), None),
        (("sh", "-c", "sleep 100 & exit 3"), 3),
    ],
)
def test_its_exit_code_is_its_own_and_its_end_that_of_the_debug_container(
    place: Path, shell: Shell, words: tuple[str, ...], code: int | None
) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, DSHELL_STARTER=A)

        ended = task(debug, A, *words).ended(30)

        assert ended == code or (code is None and protocol.has_said_goodbye(ended) and ended > 0)
        assert debug.holder.ended(30) == 0
        assert debug.message() == "ended by its last session"
        assert debug.holder.printed() == b""
        assert made.app.pids() == [made.app_pid]


@each_shell
@pytest.mark.parametrize("code", [71, 72, 73, 128, 130, 137, 143, 199, 200, 255])
def test_with_an_exit_code_that_may_be_somebody_else_s_the_client_says_it(place: Path, shell: Shell, code: int) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, DSHELL_STARTER=A)

        assert task(debug, A, "sh", "-c", f"exit {code}").ended(30) == code

        wait_until(lambda: sessions(debug) == 1, 10)
        tether = debug.tether(A)
        tether.say(protocol.bye(A))
        assert debug.holder.ended(30) == 0


@each_shell
def test_it_leaves_others_alone(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, DSHELL_STARTER=A)
        tether = debug.tether(B)
        tether.say(protocol.beat(B, 50))
        tether.hear(protocol.beat(B, 50))

        printed = task(debug, A, "sh", "-c", "pwd >/dev/null; echo out; echo err >&2")

        assert printed.ended(30) == 0
        assert sorted(printed.printed().split()) == [b"err", b"out"]
        wait_until(lambda: sessions(debug) == 1, 10)
        tether.say(protocol.bye(B))
        assert debug.holder.ended(30) == 0
        assert made.zombies() == []


@each_shell
def test_many_after_one_another_leave_no_zombie_and_never_another_code(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, DSHELL_STARTER="zzzzzzzz")

        for letter in "abcdefghij":
            assert task(debug, letter * 8, "sh", "-c", "exit 5").ended(30) == 5

        assert made.zombies() == []


def test_codes_of_which_the_client_needs_to_know_more() -> None:
    assert [code for code in range(130) if not protocol.has_said_goodbye(code)] == [71, 72, 73, 128, 129]
