"""An exec says with a mark that what it is to run begins: once, before anything else of it, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubectl_dshell.domain.stream import TerminalSize
from kubectl_dshell.remote import exec_script
from kubectl_dshell.remote.exec_script import MARK, ExecScript
from tests.remote.rig import Debug, Process, Shell, pod

pytestmark = pytest.mark.terminal
each_shell = pytest.mark.parametrize("shell", ["busybox", "bash", "dash+bash"])
A = "aaaaaaaa"
SPEAK = ("sh", "-c", "echo out; echo err >&2; exit 5")


def asked(debug: Debug, mode: str, *, first: bool = False) -> ExecScript:
    target, size = debug.target.id, TerminalSize(24, 80)
    match mode:
        case "terminal":
            return exec_script.terminal_exec(target, A, SPEAK, size)
        case "shell":
            return exec_script.shell_exec(target, A, "pod/app", size)
        case "outside":
            return exec_script.outside_exec(target, A, "pod/app", size)
        case _:
            return exec_script.command_exec(target, A, SPEAK, stdin=mode == "pipe", first=first)


def outputs(process: Process) -> tuple[bytes, bytes]:
    """Its stdout and stderr; with a terminal the one that there is, and nothing."""
    if process.terminal >= 0:
        return process.shown(), b""
    out, err = process.outer.communicate(timeout=20)  # which ends its input
    return out, err


@each_shell
@pytest.mark.parametrize(("mode", "first"), [("run", False), ("run", True), ("pipe", False), ("pipe", True)])
def test_without_a_terminal_the_mark_is_the_first_on_its_stderr(
    place: Path, shell: Shell, mode: str, *, first: bool
) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, waits=first)
        process = debug.container.start(list((exec_ := asked(debug, mode, first=first)).argv))
        process.say(exec_.text)

        assert outputs(process) == (b"out\n", MARK + b"err\n")
        assert process.ended() == 5


@each_shell
@pytest.mark.parametrize("mode", ["terminal", "shell", "outside"])
def test_on_a_terminal_it_is_the_first_after_the_echo_of_the_script(place: Path, shell: Shell, mode: str) -> None:
    with pod(place) as made:
        debug = Debug(made, shell)
        process = debug.exec(asked(debug, mode))
        if mode != "terminal":
            shown = process.hear(b" $ ")
            process.say(b"echo x; exit 5\n")
            shown += process.shown()
        else:
            shown = process.shown()

        begins, _, rest = shown.partition(MARK)
        assert begins.strip() == b""
        assert MARK not in rest
        assert (b"out\r\n" if mode == "terminal" else b"\nx\r\n") in rest
        assert process.ended() == 5


@each_shell
@pytest.mark.parametrize("mode", ["run", "pipe", "terminal", "shell"])
@pytest.mark.parametrize(
    ("why", "code"),
    [("the root is closed", 72), ("the target is not to be seen", 71), ("the holder has ended", 73)],
)
def test_where_nothing_is_run_there_is_none(place: Path, shell: Shell, mode: str, why: str, code: int) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, (1000, 65532) if code == 72 else (65532, 65532))
        if code == 71:
            debug.target = made.container("elsewhere")
        if code == 73:
            debug.log.write_text("ended by a client\n")
        process = debug.exec(asked(debug, mode))

        out, err = outputs(process)

        assert process.ended() == code, why
        assert MARK not in out + err
        assert (out.strip(), err) == (b"", b"")


@each_shell
def test_an_outside_shell_begins_where_the_root_is_closed(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, (1000, 65532))
        process = debug.exec(asked(debug, "outside"))

        shown = process.hear(b" $ ")
        process.say(b"exit\n")

        assert (shown + process.shown()).count(MARK) == 1


@each_shell
def test_what_runs_no_command_of_a_session_has_none(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell)
        tether, state = debug.tether(A), debug.exec(exec_script.state_exec())
        heard = tether.hear(b"\n")

        assert MARK not in heard + b"".join(outputs(tether)) + b"".join(outputs(state))


@each_shell
@pytest.mark.parametrize("stdin", [False, True])
def test_a_program_that_is_not_there_has_begun(place: Path, shell: Shell, *, stdin: bool) -> None:
    with pod(place) as made:
        debug = Debug(made, shell)
        process = debug.exec(exec_script.command_exec(debug.target.id, A, ["nosuch"], stdin=stdin))

        out, err = outputs(process)

        assert process.ended() == 127
        assert (out, err.count(MARK), err[:1]) == (b"", 1, MARK)
