"""What is a verb, and what is one elsewhere: nobody who asks for help is sent into a pod of that name."""

from __future__ import annotations

import json

import pytest

from kubectl_dshell import __version__
from kubectl_dshell.cli.dispatch import VERBS
from kubectl_dshell.cli.help import help_page
from kubectl_dshell.cli.main import main
from kubectl_dshell.domain.text import invocation


def test_suggested_commands_know_every_verb() -> None:
    assert set(VERBS) == invocation.VERB_NAMES


@pytest.mark.parametrize(
    "words",
    [
        ["-h"],
        ["--help"],
        ["help"],
        ["web", "-h"],
        ["-n", "shop", "help"],
        ["-qn", "shop", "help"],
        ["help", "-n", "shop"],
        ["help", "help"],
    ],
    ids=" ".join,
)
def test_the_first_help_is_shown(words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    assert capfd.readouterr().out == help_page()


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_a_verb_is_asked_for_in_three_ways(verb: str, capfd: pytest.CaptureFixture[str]) -> None:
    shown = []
    for words in ([verb, "--help"], [verb, "-h"], ["help", verb]):
        assert main(words) == 0
        shown.append(capfd.readouterr().out)

    assert shown[0].startswith(f"Usage: kubectl dshell {verb} ")
    assert "-h, --help" in shown[0]
    assert len(set(shown)) == 1


def test_the_version_is_asked_for_in_two_ways(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["version"]) == 0
    assert capfd.readouterr().out == f"kubectl-dshell {__version__}\n"


@pytest.mark.parametrize(
    "words", [["version", "-o", "json"], ["-o=json", "version"], ["--version", "-ojson"]], ids=" ".join
)
def test_programs_read_the_version_where_kubectl_has_it(words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    assert json.loads(capfd.readouterr().out) == {"clientVersion": {"gitVersion": f"v{__version__}"}}


def test_the_version_is_yaml_too(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["version", "-o", "yaml"]) == 0
    assert capfd.readouterr().out == f"clientVersion:\n  gitVersion: v{__version__}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["debug"],
            'unknown command "debug" for "kubectl dshell"\nA pod of that name: kubectl dshell pod/debug\n',
        ),
        (
            ["-n", "a b", "--as", "ada", "--token", "s3cret", "exec", "--", "ls", "x y"],
            (
                'unknown command "exec" for "kubectl dshell"\n'
                "A pod of that name: kubectl dshell pod/exec -n 'a b' --as ada -- ls 'x y'\n"
            ),
        ),
        (
            ["version", "--", "ls"],
            "version takes no command after --\nA pod of that name: kubectl dshell pod/version -- ls\n",
        ),
        (["help", "--", "ls"], "help takes no command after --\nA pod of that name: kubectl dshell pod/help -- ls\n"),
        (
            ["atach", "web"],
            "after --, for example: kubectl dshell web -- ls -l\nDid you mean this? kubectl dshell attach\n",
        ),
        (
            ["help", "web"],
            'unknown help topic "web"; available: ls, attach, cp, cleanup, gather, image, config, doctor, explain, completion, options\n',
        ),
        (["help", "ls", "cp"], 'unknown help topic "ls cp"'),
        (["version", "--client"], "no such option"),
        (["completion", "--", "\udcff"], "is not valid UTF-8"),
        (["version", "-o", "wide"], "'wide' is not one of 'yaml', 'json'"),
        (["version", "-o"], "'-o' requires an argument"),
    ],
    ids=str,
)
def test_no_verb_of_another_program_is_taken_for_a_pod(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 64
    out, err = capsys.readouterr()
    assert err.startswith("error: ")
    assert said in err
    assert "s3cret" not in err
    assert out == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["attach", "a", "ls", "a b"], ": kubectl dshell attach a -- ls 'a b'"),
        (["-n", "shop", "image", "busybox", "sh", "-c", "id"], ": kubectl dshell image -n shop busybox -- sh -c id"),
        (["attach", "--token", "secret", "a", "ls"], ""),
        (["attach", "a", "ls", "--server=https://me:secret@host"], ""),
        (["attach", "a", "curl", "https://me:secret@host"], ""),
        (["attach", "web", "ls", "-n", "shop"], ""),
        (["attach", "web", "ls", "-nshop"], ""),
        (["attach", "web", "ls", "--namespace=shop"], ""),
        (["attach", "web", "ls", "--no-tty"], ""),
        (["image", "busybox", "ls", "--like", "web"], ""),
        (["attach", "web", "ls", "--all", "-l"], ": kubectl dshell attach web -- ls --all -l"),
    ],
)
def test_a_command_that_lacks_its_dashes_is_shown_with_them(
    words: list[str], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 64

    verb = "attach" if "attach" in words else "image"
    first = f"error: {verb} takes one argument; a command goes after --{said}\n"
    assert capfd.readouterr().err == f"{first}See: kubectl dshell {verb} --help\n"
