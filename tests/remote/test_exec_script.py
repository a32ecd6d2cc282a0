"""What an exec is started with, and the script that it then reads."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import pytest

from kubectl_dshell.domain.stream import TerminalSize
from kubectl_dshell.remote import exec_script, protocol
from kubectl_dshell.remote.exec_script import ExecScript
from tests.remote.rig import Debug, Shell, pod

ID = "abc12345"
A = "aaaaaaaa"
each_shell = pytest.mark.parametrize("shell", ["busybox", "bash", "dash+bash"])
ODD = [
    "",
    "-n",
    "*",
    "$HOME",
    "`true`",
    "q\"'\\",
    "new\nline\n",
    "\n\n",
    "tab\t",
    "\x03\x04\x1a\x1b[2J\x7f",
    "ü€",
    "\\",
]


def words(exec_: ExecScript) -> tuple[str, ...]:
    return exec_.argv[3:]


def test_each_mode_has_its_arguments() -> None:
    assert words(exec_script.shell_exec("containerd://f00", ID, "web/app", TerminalSize(24, 80))) == (
        "dshell", "shell", "f00", ID, "web/app", "24", "80",
    )  # fmt: skip
    assert words(exec_script.outside_exec("f00", ID, "web/app"))[1:] == ("outside", "f00", ID, "web/app", "", "")
    assert words(exec_script.terminal_exec("f00", ID, ["vi", "x"], TerminalSize(24, 80)))[1:] == (
        "terminal", "f00", ID, "24", "80", "vi", "x",
    )  # fmt: skip
    assert words(exec_script.command_exec("cri-o://f00", ID, ["-x", "", "a b\n"]))[1:] == (
        "run", "f00", ID, "-x", "", "a b\n",
    )  # fmt: skip
    assert words(exec_script.command_exec("f00", ID, ["x"], stdin=True))[1] == "pipe"
    assert words(exec_script.tether_exec("f00", ID)) == ("dshell", "tether", "f00", ID)
    assert words(exec_script.state_exec()) == ("dshell", "state")


@pytest.mark.parametrize(
    "exec_",
    [
        exec_script.shell_exec("f", ID, "web/app"),
        exec_script.command_exec("f", ID, ["x"], stdin=True),
        exec_script.command_exec("f", ID, ["\n\n" * 3000, "", "\n"]),
        exec_script.terminal_exec("f", ID, ["\n\n" * 3000], None),
        exec_script.tether_exec("f", ID),
        exec_script.state_exec(),
    ],
)
def test_a_script_ends_with_its_only_empty_line(exec_: ExecScript) -> None:
    assert exec_.text.count(b"\n\n") == 1
    assert exec_.text.endswith(b"\n\n")


@pytest.mark.parametrize(
    "command",
    [["sh", "-c", "x" * 6000], ["x" * 2400], ["\n" * 700], ["ü" * 10000], [f"{number:0200}" for number in range(1000)]],
)
def test_the_request_line_is_short_whatever_is_run(command: list[str]) -> None:
    """Proxies take 8 kB of one; names are as long as Kubernetes allows."""
    for exec_ in (
        exec_script.command_exec("a" * 64, A, command, stdin=True),
        exec_script.command_exec("a" * 64, A, command, first=True),
        exec_script.terminal_exec("a" * 64, A, command, TerminalSize(50, 200)),
        exec_script.shell_exec("a" * 64, A, "p" * 253 + "/" + "c" * 63, TerminalSize(50, 200)),
    ):
        query = [
            ("container", "d" * 63),
            *(("command", word) for word in exec_.argv),
            ("stdin", "true"),
            ("tty", "true"),
        ]
        line = f"GET /api/v1/namespaces/{'n' * 63}/pods/{'p' * 253}/exec?{urlencode(query)} HTTP/1.1"

        assert len(line) < 4096


def test_a_short_command_is_where_an_audit_log_shows_it() -> None:
    exec_ = exec_script.command_exec("a" * 64, A, ["cat", "etc/app.yaml"])

    assert exec_.argv[-2:] == ("cat", "etc/app.yaml")
    assert b"app.yaml" not in exec_.text


@pytest.mark.terminal
@each_shell
@pytest.mark.parametrize("tty", [False, True])
@pytest.mark.parametrize("length", [1, 60000])
def test_arguments_arrive_byte_for_byte_by_either_way(place: Path, shell: Shell, tty: bool, length: int) -> None:
    command = ["cat", "/proc/self/cmdline", "--", "/dev/null", *ODD, "x" * length]
    with pod(place) as made:
        debug = Debug(made, shell)
        exec_ = (
            exec_script.terminal_exec(
                made.app.id, A, ["sh", "-c", 'stty -opost; "$@"; exec sleep 1000', "sh", *command], None
            )
            if tty
            else exec_script.command_exec(made.app.id, A, command)
        )

        shown = debug.exec(exec_).hear(b"x" * length + b"\0")

        assert shown.split(b"\0")[4:-1] == [word.encode() for word in command[4:]]


@pytest.mark.terminal
@each_shell
def test_what_follows_the_script_is_the_command_s(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        exec_ = exec_script.command_exec(made.app.id, A, ["cat"], stdin=True)
        command = Debug(made, shell).exec(ExecScript(exec_.argv, exec_.text + b"\n\nlines\n\n"))
        command.close_input()

        assert command.ended() == 0
        assert command.printed() == b"\n\nlines\n\n"


@pytest.mark.terminal
@each_shell
def test_a_command_without_stdin_reads_nothing(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        command = Debug(made, shell).run_without_stdin(A, "cat")

        assert command.ended() == 0


@pytest.mark.terminal
@each_shell
@pytest.mark.parametrize("kept", [0, 1, 40, 500, -1])
def test_half_a_script_is_not_run(place: Path, shell: Shell, kept: int) -> None:
    """The client has vanished, and its connection with it."""
    with pod(place) as made:
        debug = Debug(made, shell)
        exec_ = exec_script.command_exec(made.app.id, A, ["sh", "-c", "echo >tmp/ran"])
        command = debug.container.start(list(exec_.argv))
        command.say(exec_.text[:kept])
        command.close_input()
        command.ended()

        assert not (made.app.root / "tmp/ran").exists()


def test_a_task_and_its_holder_come_in_one_stream() -> None:
    exec_ = exec_script.command_exec("f00", ID, ["true"], first=True)

    session, _, holder = exec_.text.partition(b"\n\n")
    assert holder == exec_script.holder_text()
    assert b"deliver_program" in session
    assert exec_script.tether_exec("f00", ID, first=True).text.endswith(b"\n\nprogram\n" + exec_script.holder_text())
    assert protocol.has_said_goodbye(0)
