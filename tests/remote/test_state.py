"""What a holder knows is told to whoever asks, and asking changes nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kubectl_dshell.domain.access.facts import HolderState
from kubectl_dshell.domain.debug_container.status import HolderReport
from kubectl_dshell.remote import exec_script, protocol, script
from tests.remote.rig import Debug, Process, Shell, pod
from tests.waiting import wait_until

pytestmark = pytest.mark.terminal
each_shell = pytest.mark.parametrize("shell", ["busybox", "bash", "dash+bash"])
A, B = "aaaaaaaa", "bbbbbbbb"


def tell(tether: Process, *words: bytes) -> None:
    for word in words:
        tether.say(word)
        tether.hear(word)


def live(debug: Debug) -> HolderReport:
    state, answer = debug.state()
    assert state is HolderState.LISTENS
    assert answer is not None
    return answer


def counts(debug: Debug, sessions: int) -> None:
    """It says so soon: a word is echoed before the holder has acted on it."""
    wait_until(lambda: live(debug).clients == sessions, 10)


@each_shell
def test_sessions_that_have_spoken_are_counted(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, starter=f"{A} 50", env={"DSHELL_LIMIT": "1000"})
        counts(debug, 0)
        tether = debug.tether(B)

        tell(tether, protocol.beat(B, 50))
        counts(debug, 1)
        tell(tether, protocol.beat(A, 50), protocol.beat(A, 50))
        counts(debug, 2)
        tell(tether, protocol.bye(B))
        counts(debug, 1)

        answer = live(debug)
        assert (answer.kept, answer.silent < 5, 980 < answer.left <= 1000) == (0, True, True)


@each_shell
def test_without_a_starter_nobody_is_there_until_the_first_word(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell)

        counts(debug, 0)
        tell(debug.tether(A), protocol.beat(A, 50))
        counts(debug, 1)


@each_shell
def test_silence_is_counted_from_the_last_word_and_asking_is_none(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell)
        tether = debug.tether(A)
        tell(tether, protocol.beat(A, 50))
        wait_until(lambda: live(debug).silent >= 2, 10)

        tell(tether, b"nonsense\n", b"keep x\n")
        assert live(debug).silent >= 2
        tell(tether, protocol.beat(A, 50))

        wait_until(lambda: live(debug).silent < 2, 10)


@each_shell
def test_what_is_kept_is_told_and_a_session_that_fell_silent_is_forgotten(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell)
        tether = debug.tether(A)

        tell(tether, protocol.beat(B, 1), protocol.keep(600))

        wait_until(lambda: 590 < live(debug).kept <= 600, 10)
        counts(debug, 0)


@each_shell
def test_asking_ends_at_once_and_leaves_nothing(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell)
        for _ in range(3):
            debug.state()

        assert debug.others() == []
        assert made.zombies() == []


@each_shell
def test_an_older_holder_listens_but_does_not_say(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell)
        tether = debug.tether(A)
        facts = protocol.parse_facts(tether.hear(b"\n").decode())
        debug.log.write_text(f"{debug.message().split()[0]}\n")

        assert debug.state() == (HolderState.LISTENS, None)
        assert facts.holder_alive


@each_shell
@pytest.mark.parametrize(
    ("log", "state"),
    [
        ("4194303 1 5 0 900\n", HolderState.GONE),
        ("4194303\n", HolderState.GONE),
        ("ended by a client\n", HolderState.UNKNOWN),
        ("", HolderState.UNKNOWN),
    ],
)
def test_one_that_ended_without_a_word_is_told_from_one_that_is_ending(
    place: Path, shell: Shell, log: str, state: HolderState
) -> None:
    with pod(place) as made:
        debug = Debug(made, shell)
        debug.log.write_text(log)

        assert debug.state() == (state, None)


@each_shell
def test_a_line_that_is_being_written_is_not_read_half(place: Path, shell: Shell) -> None:
    """Whatever the moment: of two lines that take turns one is told, never a mixture."""
    with pod(place) as made:
        debug = Debug(made, shell)
        tether = debug.tether(A)
        tether.hear(b"\n")
        answers = set()
        asking = [debug.exec(exec_script.state_exec()) for _ in range(8)]
        for _ in range(100):
            tell(tether, protocol.beat(A, 50), protocol.beat(B, 50), protocol.keep(900), protocol.bye(B))
            asking = [process for process in asking if process.outer.poll() is None]
            if not asking:
                break
        for process in debug.container.processes[2:]:
            assert process.ended() == 0
            answers.add(protocol.parse_state(process.printed().decode()))

        for state, answer in answers:
            assert state is HolderState.LISTENS
            assert answer is not None
            assert answer.clients in {0, 1, 2}
            assert (answer.silent < 30, answer.left > 28000) == (True, True)


@each_shell
@pytest.mark.parametrize(
    "line", ["{} a[$(touch${{IFS}}/tmp/ran)] 5 0 900", "{} 1 5 0 *", "{} 1 08 0 900", "{} 1 5 0 x/../y"]
)
def test_what_the_log_says_is_never_calculated_with_unless_it_is_numbers(place: Path, shell: Shell, line: str) -> None:
    with pod(place) as made:
        debug = Debug(made, shell)
        debug.log.write_text(line.format(debug.message().split()[0]) + "\n")

        assert debug.state() == (HolderState.LISTENS, None)
        assert not (debug.container.root / "tmp/ran").exists()


@each_shell
def test_no_word_is_told_to_a_holder_that_is_no_number(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell)
        (debug.container.root / "tmp/fd").mkdir()
        os.mkfifo(debug.container.root / "tmp/fd/3")
        debug.log.write_text("../tmp 1 5 0 900\n")

        command = debug.run(A, "true")

        assert command.ended() == 73


@each_shell
def test_a_holder_that_listens_for_the_last_time_is_not_gone(place: Path, shell: Shell) -> None:
    text = script.holder()
    assert "LAST_READ_SECONDS=0.5 " in text
    with pod(place) as made:
        patient = text.replace("LAST_READ_SECONDS=0.5 ", "LAST_READ_SECONDS=30 ")
        debug = Debug(made, shell, starter=f"{A} 50", text=patient)
        tell(debug.tether(A), protocol.beat(A, 50), protocol.bye(A))
        inbox = Path(f"/proc/{debug.container.pids()[0]}/fd/3")
        wait_until(inbox.is_dir, 10)

        state, answer = debug.state()

        assert (state, answer) == (HolderState.UNKNOWN, None)
