from __future__ import annotations

import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from kubectl_dshell.domain.debug_container.spec import escape_expansion
from kubectl_dshell.remote import script
from tests.remote.busybox import busybox

SCRIPTS = {"holder": script.holder(), "enter": script.enter()}
ALL_SCRIPTS = {**SCRIPTS, "end": script.end()}
each_script = pytest.mark.parametrize("text", ALL_SCRIPTS.values(), ids=ALL_SCRIPTS)


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


@pytest.mark.parametrize("name", ["processes.sh", "holder.sh", "enter.sh", "end.sh", "task.sh"])
def test_shellcheck_has_nothing_to_say(name: str) -> None:
    path = str(files("kubectl_dshell.remote").joinpath(name))
    shellcheck = Path(sys.executable).with_name("shellcheck")

    found = subprocess.run([shellcheck, "-s", "sh", path], capture_output=True, text=True, check=False)

    assert found.stdout == ""


def test_both_scripts_stay_small_in_a_pod_spec() -> None:
    assert sum(len(escape_expansion(text)) for text in SCRIPTS.values()) < 17_500


def test_only_whole_lines_are_taken_away() -> None:
    assert script.shipped("# why\n\n\techo '#' $# # kept\n") == "echo '#' $# # kept\n"
