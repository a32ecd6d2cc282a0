"""A command without a terminal says goodbye itself, so that nobody else needs to."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubectl_dshell.remote import exec_script, protocol
from tests.remote.rig import Debug, Process, Shell, pod
from tests.waiting import wait_until

pytestmark = pytest.mark.terminal
each_shell = pytest.mark.parametrize("shell", ["busybox", "bash", "dash+bash"])
A, B = "aaaaaaaa", "bbbbbbbb"


each_mode = pytest.mark.parametrize("stdin", [False, True], ids=["run", "pipe"])


def task(debug: Debug, session: str, *command: str, stdin: bool = False, keep: int = 0) -> Process:
    made = debug.exec(exec_script.command_exec(debug.target.id, session, command, stdin=stdin, first=True, keep=keep))
    if stdin:
        made.close_input()
    return made


def sessions(debug: Debug) -> int:
    _, live = debug.state()
    assert live is not None
    return live.clients


@each_shell
@each_mode
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("true",), 0),
        (("sh", "-c", "exit 42"), 42),
        (("sh", "-c", "exit 71"), 71),
        (("sh", "-c", "exit 72"), 72),
        (("sh", "-c", "exit 73"), 73),
        (("no-such-program",), 127),
        (("-no-such-flag",), None),
        (("sh", "-c", "sleep 100 & exit 3"), 3),
    ],
)
def test_its_exit_code_is_its_own_and_its_end_that_of_the_debug_container(
    place: Path, shell: Shell, words: tuple[str, ...], code: int | None, *, stdin: bool
) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, starter=f"{A} 50")

        ended = task(debug, A, *words, stdin=stdin).ended(30)

        assert ended == code or (code is None and protocol.has_said_goodbye(ended) and ended > 0)
        assert debug.holder.ended(30) == 0
        assert debug.message() == "ended by its last session"
        assert debug.holder.printed() == b""
        assert made.app.pids() == [made.app_pid]


@each_shell
@each_mode
@pytest.mark.parametrize("code", [128, 130, 137, 143, 199, 200, 255])
def test_with_an_exit_code_that_may_be_somebody_else_s_the_client_says_it(
    place: Path, shell: Shell, code: int, *, stdin: bool
) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, starter=f"{A} 50")

        assert task(debug, A, "sh", "-c", f"exit {code}", stdin=stdin).ended(30) == code

        wait_until(lambda: sessions(debug) == 1, 10)
        tether = debug.tether(A)
        tether.say(protocol.bye(A))
        assert debug.holder.ended(30) == 0


@each_shell
def test_what_a_command_leaves_unread_is_taken_away_before_the_goodbye(place: Path, shell: Shell) -> None:
    """A runtime waits forever for a reader of what is on its way; it closes stdin once the outputs are closed."""
    with pod(place) as made:
        debug = Debug(made, shell, starter=f"{A} 50")
        pipe = debug.exec(exec_script.command_exec(debug.target.id, A, ["sh", "-c", "exit 5"], stdin=True))

        pipe.hold_input(2**20)
        pipe.say(b"line\n" * 20_000)
        assert pipe.printed() == b"", "both outputs are closed though it has not ended"
        wait_until(lambda: pipe.unread() == 0, 30)
        pipe.close_input()

        assert pipe.ended(30) == 5
        assert debug.holder.ended(30) == 0
        assert debug.message() == "ended by its last session"


@each_shell
def test_it_reads_on_for_two_seconds_at_most(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, starter=f"{A} 50")
        pipe = debug.exec(exec_script.command_exec(debug.target.id, A, ["true"], stdin=True))

        assert pipe.ended(30) == 0, "its stdin was never closed"
        assert debug.holder.ended(30) == 0


@each_shell
@each_mode
@pytest.mark.parametrize("code", [0, 73])
def test_the_debug_container_is_kept_for_as_long_as_was_asked(
    place: Path, shell: Shell, code: int, *, stdin: bool
) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, starter=f"{A} 50")

        assert task(debug, A, "sh", "-c", f"exit {code}", stdin=stdin, keep=1800).ended(30) == code

        wait_until(lambda: sessions(debug) == 0, 10)
        _, live = debug.state()
        assert live is not None
        assert live.kept > 1700
        assert task(debug, B, "true", stdin=stdin).ended(30) == 0
        assert lives(debug)


def lives(debug: Debug) -> bool:
    return debug.holder.outer.poll() is None


@each_shell
@each_mode
def test_what_it_left_running_ends_with_it_though_others_are_there(place: Path, shell: Shell, *, stdin: bool) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, starter=f"{A} 50")
        tether = debug.tether(B)
        tether.say(protocol.beat(B, 50))
        tether.hear(protocol.beat(B, 50))

        assert task(debug, A, "sh", "-c", "sleep 1000 >/dev/null 2>&1 & exit 3", stdin=stdin).ended(30) == 3

        wait_until(lambda: not debug.runs("sleep", "1000"), 10)
        assert lives(debug)


@each_shell
def test_it_leaves_others_alone(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, starter=f"{A} 50")
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
        debug = Debug(made, shell, starter="zzzzzzzz 50")

        for letter in "abcdefghij":
            assert task(debug, letter * 8, "sh", "-c", "exit 5").ended(30) == 5

        assert made.zombies() == []


def test_codes_of_which_the_client_needs_to_know_more() -> None:
    assert [code for code in range(130) if not protocol.has_said_goodbye(code)] == [128, 129]


@each_shell
def test_a_patient_one_says_no_bye_for_what_it_leaves_running(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, starter=f"{A} 50")
        script = "(sleep 1; echo late) & echo early; exit 5"
        left = debug.exec(exec_script.command_exec(debug.target.id, A, ["sh", "-c", script], patient=True))

        assert left.ended(30) == 5
        assert sessions(debug) == 1
        debug.tether(A).say(protocol.bye(A))
        assert debug.holder.ended(30) == 0


@each_shell
def test_a_patient_one_that_leaves_nothing_says_bye(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, starter=f"{A} 50")

        alone = debug.exec(exec_script.command_exec(debug.target.id, A, ["sh", "-c", "true | cat"], patient=True))

        assert alone.ended(30) == 0
        assert debug.holder.ended(30) == 0
        assert debug.message() == "ended by its last session"
