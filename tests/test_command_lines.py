"""Every command line in README.md and docs/ is one that the program takes: verbs, flags, values, and what they exclude."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubectl_dshell.cli.main import main

from .command_lines import CommandLine, command_lines, runs, typed, without_comment
from .e2e.documented import NAMES, ON_CLUSTER

LINES = command_lines()
FILES = {"mounts.yaml": "volumeMounts: [{name: data, mountPath: /data}]\n", "kubeconfig": "not a kubeconfig"}
"""What a line reads before anything is sent; the last one ends each of them there."""
USAGE, UNAVAILABLE, BAD_CONFIG = 64, 69, 78
"""The second is how doctor ends without a kubeconfig."""
ASKS = "there is no terminal to ask for confirmation; use -y"


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No cluster, no program and no home directory of the user's."""
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    for name in ("HOME", "PATH", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))


@pytest.mark.parametrize("one", LINES, ids=lambda one: f"{one.document}: {one.line}"[:90])
def test_a_documented_line_is_one_that_the_program_takes(one: CommandLine, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(list(one.words))

    said = capsys.readouterr().err
    assert code in (0, UNAVAILABLE, BAD_CONFIG) or (code == USAGE and ASKS in said), said


def test_what_runs_on_the_cluster_is_documented() -> None:
    documented = {without_comment(one.line) for one in LINES}

    assert set(ON_CLUSTER) <= documented
    assert all(any(name in line for line in ON_CLUSTER) for name in NAMES)


def test_there_are_enough_of_them_to_be_worth_checking() -> None:
    """Else the patterns find nothing, and the tests say nothing."""
    assert len(LINES) > 60
    assert len({one.document for one in LINES}) > 10


@pytest.mark.parametrize(
    "verb", ["ls", "attach", "cp", "cleanup", "gather", "image", "config", "doctor", "explain", "completion"]
)
def test_every_verb_has_an_example(verb: str) -> None:
    assert [one for one in LINES if verb in one.words[:1]]


@pytest.mark.parametrize(
    "words",
    [
        "web --imag x",
        "web extra",
        "ls --mine --nope",
        "cp one",
        "web --run-as root",
        "web --copy --chroot",
        "explain",
        "doctor -- x",
    ],
)
def test_a_line_that_is_wrong_is_noticed(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words.split()) == USAGE
    assert ASKS not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("kubectl dshell web -- cat x > y   # a comment", ["web -- cat x"]),
        ("tar c . | kubectl dshell web -- tar x -C tmp 2>/dev/null", ["web -- tar x -C tmp"]),
        ("kubectl dshell ls -o name | xargs kubectl dshell cleanup", ["ls -o name", "cleanup"]),
        ("DSHELL_IMAGE=x kubectl dshell web && echo", ["web"]),
        ("kubectl dshell web -- sh -c 'exit 42; ls'; echo $?", ["web -- sh -c exit 42; ls"]),
        ("kubectl dshell web:/x 'web:/*.log' .", ["web:/x web:/*.log ."]),
        ("kubectl get pods", []),
    ],
)
def test_a_line_is_read_as_a_shell_reads_it(line: str, words: list[str]) -> None:
    assert [" ".join(one) for one in runs(line)] == words


def test_lines_are_those_with_a_prompt_in_a_block() -> None:
    text = "$ no\n```console\n$ one \\\n    two\noutput\nweb/app:/ $ three\n```\n- x\n\n  ```sh\n  $ four\n  ```\n```yaml\n$ no\n```\n"

    assert list(typed(text)) == ["one two", "three", "four"]
