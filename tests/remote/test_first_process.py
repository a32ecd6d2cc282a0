"""The few lines in a pod's spec: they wait for the text of the holder, and become it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubectl_dshell.domain.access.facts import HolderState
from kubectl_dshell.domain.debug_container.end_message import EndReason, parse_end_message
from kubectl_dshell.domain.debug_container.spec import PROTOCOL
from kubectl_dshell.remote import exec_script, protocol, script
from tests.remote.rig import Debug, Shell, as_sent, furnish, pod
from tests.waiting import wait_until

pytestmark = pytest.mark.terminal
each_shell = pytest.mark.parametrize("shell", ["busybox", "bash", "dash+bash"])
A, B = "aaaaaaaa", "bbbbbbbb"


def waits(debug: Debug) -> bool:
    return debug.message().endswith(" new")


@each_shell
def test_a_tether_brings_the_text_and_the_session_lives(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, starter=f"{A} 4", waits=True)
        assert waits(debug)

        tether = debug.tether(A, first=True)
        facts = protocol.parse_facts(tether.hear(b"\n").decode())
        tether.say(protocol.bye(A))
        tether.hear(protocol.bye(A))

        assert (facts.holder_alive, facts.holder_waits) == (True, True)
        assert debug.holder.ended(30) == 0
        assert debug.message() == "ended by its last session"
        assert debug.holder.printed() == b""
        assert made.app.pids() == [made.app_pid]


@each_shell
def test_a_tether_can_bring_it_when_it_is_asked_to(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, starter=f"{A} 4", waits=True)
        tether = debug.tether(B)
        assert protocol.parse_facts(tether.hear(b"\n").decode()).holder_waits

        tether.say(exec_script.program() + protocol.beat(B, 50))
        tether.hear(protocol.beat(B, 50))

        wait_until(lambda: (debug.state()[1] or pytest.fail("no report")).clients == 1, 10)


@each_shell
def test_a_command_that_comes_first_runs_at_once_and_is_not_ended_for_it(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, starter=f"{A} 1", waits=True)
        command = debug.run_without_stdin(A, "sleep", "2")

        assert command.ended() == 0
        assert waits(debug)
        debug.tether(A, first=True)
        wait_until(lambda: not waits(debug), 10)


@each_shell
def test_a_task_brings_the_text_itself(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, starter=f"{A} 4", waits=True)

        task = debug.exec(exec_script.command_exec(made.app.id, A, ["sh", "-c", "cat file; exit 5"], first=True))

        assert task.ended() == 5
        assert task.printed() == b"the app's\n"
        assert debug.holder.ended(30) == 0
        assert debug.message() == "ended by its last session"


@each_shell
def test_of_several_who_bring_it_one_is_enough(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, starter=f"{A} 10", waits=True)
        tethers = [debug.tether(f"{letter * 8}", first=True) for letter in "abcdef"]
        for letter, tether in zip("abcdef", tethers, strict=True):
            tether.hear(b"\n")
            tether.say(protocol.beat(letter * 8, 50))
            tether.hear(protocol.beat(letter * 8, 50))

        wait_until(lambda: (report := debug.state()[1]) is not None and report.clients == 6, 10, debug.message)


@each_shell
@pytest.mark.parametrize("part", [0.001, 0.5, 0.99])
def test_half_a_text_is_not_run_and_another_may_bring_it(place: Path, shell: Shell, part: float) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, starter=f"{A} 10", waits=True)
        half = debug.tether(A)
        text = exec_script.program()
        half.say(text[: int(len(text) * part)])
        half.close_input()
        half.ended()
        if part < 0.9:
            assert waits(debug)

        tether = debug.tether(B, first=True)
        tether.hear(b"\n")
        tether.say(protocol.beat(B, 50))
        tether.hear(protocol.beat(B, 50))

        wait_until(lambda: (report := debug.state()[1]) is not None and report.clients == 1, 10, debug.message)


@each_shell
def test_nobody_comes(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, starter=f"{A} 1", waits=True)

        assert debug.holder.ended(10) == 0
        end = parse_end_message(debug.message())
        assert end is not None
        assert end.end is EndReason.NOBODY_CAME
        assert debug.holder.printed() == b""


@pytest.mark.parametrize("tenths", range(8, 22, 2))
def test_a_command_that_comes_as_the_wait_ends_runs_whole_or_not_at_all(place: Path, tenths: int) -> None:
    with pod(place) as made:
        debug = Debug(made, "busybox", starter=f"{A} 1", waits=True)
        command = ["sh", "-c", "echo >tmp/begun; sleep 0.3; echo >tmp/ended"]
        exec_ = exec_script.command_exec(made.app.id, A, command)
        late = debug.container.start(["sh", "-c", f"sleep {tenths / 10}; {exec_.argv[2]}", *exec_.argv[3:]])
        late.say(exec_.text)

        code = late.ended()

        begun, ended = ((made.app.root / "tmp" / name).exists() for name in ("begun", "ended"))
        assert (begun, ended) == ((True, True) if code == 0 else (False, False))
        assert code in (0, 73, 137)


@each_shell
def test_its_state_is_not_that_of_a_holder(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        assert Debug(made, shell, starter=f"{A} 10", waits=True).state() == (HolderState.UNKNOWN, None)


@each_shell
@pytest.mark.parametrize(
    "line",
    [
        b"run",
        b"run ",
        b"run 1 = 1 -o x",
        b"$(echo >/tmp/ran)",
        b"program\nrun\n",
        b"program 7\n8 echo >/tmp/ran\nrun 7 15",
        b"program 7\n7 echo >/tmp/ran\nrun 7",
        b"program 7\n7 echo >/tmp/ran\nrun 7 14",
        b"program 7\nx7 case\n7 echo >/tmp/ran\nrun 7 20",
    ],
)
def test_what_is_not_a_text_is_not_run(place: Path, shell: Shell, line: bytes) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, starter=f"{A} 10", waits=True)
        debug.holder.say(line + b"\n")
        debug.tether(A, first=True)

        wait_until(lambda: not waits(debug), 10)
        assert not (debug.container.root / "tmp/ran").exists()


@each_shell
def test_a_text_that_somebody_wrote_into_is_not_run(place: Path, shell: Shell) -> None:
    """An app of our user can write to our stdin, too."""
    text = as_sent(script.holder())
    with pod(place) as made:
        debug = Debug(made, shell, starter=f"{A} 10", waits=True)
        for at in (len(text) // 3, len(text) // 2, len(text) - 9):
            debug.holder.say(text[:at] + b"x" * 5_000 + text[at:])
        tether = debug.tether(A, first=True)
        tether.hear(b"\n")
        tether.say(protocol.beat(A, 50))
        tether.hear(protocol.beat(A, 50))

        wait_until(lambda: (report := debug.state()[1]) is not None and report.clients == 1, 10, debug.message)


@each_shell
def test_it_needs_no_file_but_its_log(place: Path, shell: Shell) -> None:
    """The root directory of a debug container may be read-only."""
    with pod(place) as made:
        debug = Debug(made, shell, starter=f"{A} 10", waits=True)
        before = written(debug.container.root)
        tether = debug.tether(A, first=True)
        tether.hear(b"\n")
        inside = debug.shell(A)
        inside.hear(b"pod/app:/ $ ")

        assert written(debug.container.root) == before


def written(root: Path) -> list[str]:
    """Its files, apart from those of the kernel."""
    return sorted(str(path) for path in root.rglob("*") if "/proc/" not in str(path))


def test_a_shell_without_a_timed_read_is_named_as_the_reason(place: Path) -> None:
    with pod(place) as made:
        container = made.container("debug")
        furnish(container, "dash")
        container.env = {"PATH": "/bin", "DSHELL_PROTOCOL": f"{PROTOCOL} {A} 4"}
        first = container.start(exec_script.first_command())

        assert first.ended() == 127
        assert b"bash: not found" in first.printed()
