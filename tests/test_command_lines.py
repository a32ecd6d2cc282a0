"""Every command line in README.md and docs/ is one that the program takes: verbs, flags, values, and what they exclude."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kubectl_dshell.cli.main import main

from .command_lines import DOCUMENTS, TOP, CommandLine, command_lines, runs, typed, without_comment
from .e2e.documented import ELSEWHERE, GROUPS, LABEL, NAMESPACES, SUBSTITUTED, Elsewhere
from .e2e.documented_worlds import WORLDS

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


HERE = {line: how for group in GROUPS.values() for line, how in group.items()}
DOCUMENTED = {without_comment(line) for document in DOCUMENTS for line in typed(document.read_text("utf-8"))}
IN_A_SESSION = {keys.strip() for how in HERE.values() for _, keys in how.typed}


def test_every_line_runs_on_the_cluster_or_says_where_else() -> None:
    """Dshell's, and all others; what is typed in a documented session is typed in one."""
    assert sorted(DOCUMENTED - set(HERE) - set(ELSEWHERE) - IN_A_SESSION) == []


def test_what_runs_is_documented() -> None:
    assert sorted((set(HERE) | set(ELSEWHERE)) - DOCUMENTED) == []
    assert set(HERE) & set(ELSEWHERE) == set()
    assert len(HERE) == sum(map(len, GROUPS.values()))


def test_what_is_substituted_is_documented() -> None:
    lines = "\n".join(HERE)
    names = [name for how in HERE.values() for name, _ in how.names]
    namespaces = re.findall(r"\w+(?=[|)])", NAMESPACES.removeprefix(r"\b(?:"))

    assert [name for name in (*SUBSTITUTED, *names, *namespaces, LABEL) if name not in lines] == []
    assert set(GROUPS) == set(WORLDS)


@pytest.mark.parametrize(("line", "where"), [(line, where) for line, (_, where) in ELSEWHERE.items()])
def test_what_runs_elsewhere_does(line: str, where: str) -> None:
    file, _, function = where.partition("::")

    assert f"\ndef {function}(" in (TOP / file).read_text("utf-8"), line


def test_every_reason_is_one_of_a_line() -> None:
    assert {reason for reason, _ in ELSEWHERE.values()} == set(Elsewhere)


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
