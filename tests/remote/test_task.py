"""A command and what its tether would do, in one exec."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubectl_dshell.remote import protocol
from tests.remote.container import Process
from tests.remote.rig import NOBODY, Debug, Shell, pod, until

pytestmark = pytest.mark.terminal
each_shell = pytest.mark.parametrize("shell", ["busybox", "bash", "dash+bash"])
A = "aaaaaaaa"
MARK = "dshell-0123456789"


def task(debug: Debug, *command: str) -> Process:
    run = protocol.run_argv(debug.target.id, A, list(command))
    return debug.container.start(protocol.as_task(run, MARK))


@each_shell
def test_the_facts_then_the_command_then_its_code_then_the_word(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, DSHELL_STARTER=A)
        running = task(debug, "sh", "-c", "cat; cat file; printf 'no end'; echo oops >&2; exit 42")

        heard = running.hear(b"exit 42\n").decode()
        facts, _, rest = heard.partition("\n")
        assert protocol.parse_facts(facts.removeprefix(f"{MARK} ")).root_open
        assert rest == f"the app's\nno end{MARK} exit 42\n"
        running.say(protocol.bye(A))
        assert running.hear(b"\n") == f"{MARK} bye {A}\n".encode()
        assert running.ended() == 42
        assert running.outer.stderr
        assert running.outer.stderr.read() == f"oops\n{MARK} \n".encode()
        assert debug.holder.ended() == 0
        assert debug.message() == "ended by its last session"
        assert made.zombies() == []


@each_shell
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("true",), 0),
        (("nosuch",), 127),
        (("-nosuch",), 127),
        (("./file",), 126),
        (("sh", "-c", "kill -KILL $$"), 137),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_the_code_is_the_command_s_own(place: Path, shell: Shell, words: tuple[str, ...], code: int) -> None:
    with pod(place) as made:
        running = task(Debug(made, shell), *words)

        running.hear(f"{MARK} exit {code}\n".encode())


@each_shell
def test_a_command_knows_its_place_and_nothing_of_the_scripts(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        heard = task(Debug(made, shell), "env").hear(b"exit 0\n").decode()

        names = {line.partition("=")[0] for line in heard.splitlines() if line.startswith("DSHELL_")}
        assert names == {"DSHELL_PID", "DSHELL_ROOT", "DSHELL_SESSION"}


@each_shell
def test_a_closed_root_is_said_and_the_word_still_taken(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, (1000, NOBODY[1]))
        running = task(debug, "touch", "/tmp/after")

        heard = running.hear(b"exit 72\n").decode()
        assert not protocol.parse_facts(heard.partition("\n")[0].removeprefix(f"{MARK} ")).root_open
        running.say(protocol.bye(A))
        running.hear(b"bye")

        assert running.ended() == 72
        assert not (debug.container.root / "tmp/after").exists()


@each_shell
def test_a_command_is_ended_through_a_tether_and_leaves_no_zombie(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, DSHELL_STARTER=A)
        running = task(debug, "sh", "-c", "sleep 1000; touch /tmp/after")
        assert until(lambda: "sleep" in debug.commands())
        tether = debug.tether(A)
        tether.hear(b"\n")

        tether.say(protocol.bye(A))

        assert debug.holder.ended() == 0
        assert running.outer.wait(10) in (130, 137)
        assert not (debug.container.root / "tmp/after").exists()
        assert made.zombies() == []


@each_shell
def test_who_vanishes_in_the_middle_is_ended_with_the_lease(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, DSHELL_STARTER=A, DSHELL_LEASE="2")
        task(debug, "sh", "-c", "sleep 1000; touch /tmp/after")

        assert debug.holder.ended() == 0
        assert debug.message() == "ended after 2 s without a client"
        assert not (debug.container.root / "tmp/after").exists()
        assert made.zombies() == []


def test_a_task_is_a_run_with_a_mark() -> None:
    run = protocol.run_argv("containerd://abc", A, ["ls", "-l"])

    assert protocol.as_task(run, "m")[4:] == ["task", "abc", A, "m", "ls", "-l"]
    assert protocol.as_tether(run) == protocol.tether_argv("abc", A)
