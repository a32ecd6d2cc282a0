"""How an exec finds the holder, and when it does not wait for one."""

from __future__ import annotations

import subprocess
import time
from importlib.resources import files
from pathlib import Path

import pytest

from tests.remote.busybox import busybox
from tests.remote.functions import each_shell


def shown(shell: str, log: Path, code: str) -> list[str]:
    """The lines that `code` prints after the script, where every rest is a line as well."""
    text = files("kubectl_dshell.remote").joinpath("inbox.sh").read_text(encoding="utf-8")
    assert "LOG=/dev/termination-log" in text
    text = text.replace("LOG=/dev/termination-log", f"LOG={log}")
    command = [busybox(), "sh"] if shell == "busybox" else [shell]
    code = f"{text}\nsleep() {{ echo rest; }}\n{code}\n"
    return subprocess.run([*command, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()


def waited(shell: str, log: Path) -> tuple[list[str], int]:
    """What await_holder sets, and how often it rests."""
    *rests, last = shown(shell, log, 'await_holder\necho "[$holder]" "[$published]"')
    return last.split(" ", 1), len(rests)


@each_shell
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("17 new\n", ["[17]", "[new]"]),
        ("17 1 100 0 28800      \n", ["[17]", "[1 100 0 28800]"]),
        ("ended by its last session", ["[]", "[by its last session]"]),
        ("ended after 50 s without a client", ["[]", "[after 50 s without a client]"]),
    ],
)
def test_what_is_published_is_not_waited_for(tmp_path: Path, shell: str, text: str, found: list[str]) -> None:
    """The end of a container kills who waits in it, and leaves their sleep to the app as a zombie."""
    log = tmp_path / "log"
    log.write_text(text)

    assert waited(shell, log) == (found, 0)


@each_shell
def test_a_holder_that_has_not_begun_is_waited_for(tmp_path: Path, shell: str) -> None:
    log = tmp_path / "log"
    log.touch()

    assert waited(shell, log) == (["[]", "[]"], 50)


@each_shell
@pytest.mark.parametrize(
    ("text", "rests"), [("17 1 100 0 28800      \n", 39), ("ended at its limit of 4 s", 0), ("", 0)]
)
def test_an_inbox_is_not_waited_for_once_its_holder_ends(tmp_path: Path, shell: str, text: str, rests: int) -> None:
    log = tmp_path / "log"
    log.write_text(text)

    lines = shown(shell, log, "inbox_is_open() { false; }\nawait_inbox || echo none")

    assert lines == ["rest"] * rests + ["none"]


def sourced(shell: str, before: str, after: str) -> subprocess.CompletedProcess[str]:
    """Runs `after` once the script has been read, with a line on stdin."""
    script = str(files("kubectl_dshell.remote").joinpath("inbox.sh"))
    command = [busybox(), "sh"] if shell == "busybox" else [shell]
    code = f"{before}\n. {script}\n{after}"
    return subprocess.run([*command, "-c", code], input="in\n", capture_output=True, text=True, check=False)


def test_bash_without_any_tool_can_wait() -> None:
    """With what it has built in; its stdin, which belongs to the command, is not read."""
    began = time.monotonic()

    done = sourced("bash", "PATH=/none", 'sleep 0.3; read -r line; echo "[$line]"')

    assert (done.stdout, done.stderr, done.returncode) == ("[in]\n", "", 0)
    assert time.monotonic() - began >= 0.3


@each_shell
def test_a_shell_that_has_sleep_keeps_it(shell: str) -> None:
    done = sourced(shell, "sleep() { echo own; }", "sleep 1")

    assert (done.stdout, done.stderr) == ("own\n", "")


def test_dash_without_any_tool_can_still_read_the_script() -> None:
    done = sourced("dash", "PATH=/none", "echo read")

    assert (done.stdout, done.stderr) == ("read\n", "")
