"""The scripts as they are written, and as they travel."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from kubectl_dshell.domain.debug_container.spec import escape_expansion
from kubectl_dshell.remote import script
from tests.remote.busybox import busybox

IN_POD_SPEC = {"holder": script.holder(), "enter": script.enter()}
SHIPPED = {
    **IN_POD_SPEC,
    "task": script.task(),
    "end": script.end(),
    "copy_out": script.copy_out(),
    "copy_in": script.copy_in(),
}
SOURCES = sorted(Path(str(files("kubectl_dshell.remote"))).glob("*.sh"))
each_script = pytest.mark.parametrize("text", SHIPPED.values(), ids=SHIPPED)
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


@each_source
def test_shellcheck_has_nothing_to_say(path: Path) -> None:
    shellcheck = Path(sys.executable).with_name("shellcheck")

    found = subprocess.run([shellcheck, "-s", "sh", path], capture_output=True, text=True, check=False)

    assert found.stdout == ""


@each_source
def test_no_line_is_too_long_to_read(path: Path) -> None:
    assert [line for line in path.read_text().splitlines() if len(line) > 120] == []


def test_both_scripts_stay_small_in_a_pod_spec() -> None:
    assert sum(len(escape_expansion(text)) for text in IN_POD_SPEC.values()) < 17_500


def test_only_whole_lines_are_taken_away() -> None:
    assert script.shipped("# why\n\n\techo '#' $# # kept\n") == "echo '#' $# # kept\n"


def test_a_constant_becomes_its_value_wherever_it_is_used() -> None:
    source = """
    readonly LOG=/dev/log WAIT=0.5
    readonly BIT=2
    read -t $WAIT _ <$LOG && [ $((mask & BIT)) = $BIT ] && exit "$BIT"
    echo "$MY_LOG LOGS"
    """

    assert script.shipped(source).splitlines() == [
        'read -t 0.5 _ </dev/log && [ $((mask & 2)) = 2 ] && exit "2"',
        'echo "$MY_LOG LOGS"',
    ]


def test_names_with_an_underscore_are_shortened_and_no_others() -> None:
    source = """
    find_it() {
        local here= some_file=$1
        its_size=${#some_file}
        echo "our_uid=$here ${its_size:-0}" >/proc/self/oom_score_adj
    }
    find_it "$MY_file" x_find_it
    """

    assert script.shipped(source).splitlines() == [
        "_0() {",
        "local here= _1=$1",
        "_2=${#_1}",
        'echo "our_uid=$here ${_2:-0}" >/proc/self/oom_score_adj',
        "}",
        '_0 "$MY_file" x_find_it',
    ]


@each_source
def test_no_text_has_a_word_that_would_be_shortened(path: Path) -> None:
    source = path.read_text()
    texts = re.findall(r"""\b(?:echo|printf|fail|abort\w*|end_container) .*?("[^"]*"|'[^']*')""", source)
    words = {word for text in texts for word in re.findall(r"(?<![\w${#])[a-z]+(?:_[a-z]+)+\b", text)}
    shortened = {name for line in source.splitlines() for name in script._defined(line.strip())}

    assert words & shortened == set()
