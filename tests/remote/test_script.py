"""The scripts as they are written, and as they travel."""

from __future__ import annotations

import shlex
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from kubectl_dshell.domain.debug_container.spec import escape_expansion
from kubectl_dshell.remote import script
from tests.remote.busybox import busybox
from tests.remote.functions import value

SOURCES = sorted(Path(str(files("kubectl_dshell.remote"))).glob("*.sh"))
(_TASK,) = (path for path in SOURCES if path.name == "task.sh")
SHIPPED = {
    "first_process": script.first_process(),
    "holder": script.holder(),
    "state": script.state(),
    "tether": script.tether(),
    "command": script.command(),
    "command with --keep": script.command(600),
    "first_command": script.first_command(),
    "first_command with --keep": script.first_command(600),
    "shell": script.shell(),
    "task": script.shipped(_TASK.read_text()),
    "task with --keep": f"keep=600; {script.shipped(_TASK.read_text())}",
    "end": script.end(),
    "names": script.names(),
    "copy_out": script.copy_out(),
    "copy_in": script.copy_in(),
}
PROGRAMS = {"first_process.sh", "task.sh", "shell_rc.sh", "copy_in.sh", "copy_out.sh"}
"""They run as they are read, in a shell of their own."""
each_script = pytest.mark.parametrize("text", SHIPPED.values(), ids=SHIPPED)
BASH = SOURCES[0].with_name("completion.bash")
each_source = pytest.mark.parametrize("path", SOURCES, ids=[path.name for path in SOURCES])


@each_script
def test_a_shipped_script_has_no_line_that_only_explains(text: str) -> None:
    lines = text.splitlines()

    assert all(line == line.strip() for line in lines)
    assert not any(line.startswith("#") or not line for line in lines)


@each_script
@pytest.mark.parametrize("shell", ["bash", "dash", "busybox"])
def test_a_shipped_script_parses(text: str, shell: str) -> None:
    command = [busybox(), "sh"] if shell == "busybox" else [shell]

    assert subprocess.run([*command, "-n"], input=text.encode(), capture_output=True, check=False).stderr == b""


@pytest.mark.parametrize("keep", [0, 600])
def test_the_text_of_a_task_is_in_the_script_of_a_command(keep: int) -> None:
    text = f"{'keep=600; ' if keep else ''}{script.shipped(_TASK.read_text())}"

    for whole in (script.command(keep), script.first_command(keep)):
        assert whole.startswith(f"task={shlex.quote(text)}\n")


def test_what_every_shell_reads_has_nothing_that_only_bash_knows() -> None:
    assert script.shell().count(shlex.quote(script.shipped(BASH.read_text()))) == 1


@pytest.mark.parametrize("path", [*SOURCES, BASH], ids=[path.name for path in (*SOURCES, BASH)])
def test_shellcheck_has_nothing_to_say(path: Path) -> None:
    shellcheck = Path(sys.executable).with_name("shellcheck")

    found = subprocess.run(
        [shellcheck, "-s", "bash" if path is BASH else "sh", path], capture_output=True, text=True, check=False
    )

    assert found.stdout == ""


@each_source
def test_no_line_is_too_long_to_read(path: Path) -> None:
    assert [line for line in path.read_text().splitlines() if len(line) > 120] == []


def test_what_stays_in_the_pod_s_spec_is_a_few_lines() -> None:
    lines = script.first_process().splitlines()

    assert len(lines) <= 3
    assert len(escape_expansion(script.first_process())) < 500


def test_only_whole_lines_are_taken_away() -> None:
    assert script.shipped("# why\n\n\techo '#' $# # kept\n") == "echo '#' $# # kept\n"


@pytest.mark.parametrize("shell", ["busybox", "bash", "dash"])
@pytest.mark.parametrize("name", sorted(path.name for path in SOURCES if path.name not in PROGRAMS))
def test_a_file_can_be_sourced_to_call_its_functions(shell: str, name: str) -> None:
    assert value(shell, name, "") == ""
