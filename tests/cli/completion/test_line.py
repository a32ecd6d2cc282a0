from __future__ import annotations

import pytest

from kubectl_dshell.cli.completion.line import Line, read_line
from kubectl_dshell.cli.dispatch import VERBS
from kubectl_dshell.cli.verbs.open import open_command


def line(*words: str) -> Line:
    found = read_line(words, VERBS, open_command)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("words", "verb", "operands", "current"),
    [
        ([""], "", (), ""),
        (["web", ""], "", ("web",), ""),
        (["ls", "we"], "ls", (), "we"),
        (["-n", "shop", "ls", "we"], "ls", (), "we"),
        (["-An", "shop", "ls", ""], "ls", (), ""),
        (["-n", "ls", "we"], "", (), "we"),
        (["--context=ls", "cp", "a", "b"], "cp", ("a",), "b"),
        (["--unknown", "ls", ""], "ls", (), ""),
        (["web", "-q", "ls"], "", ("web",), "ls"),
        ([], "", (), ""),
    ],
)
def test_verb_and_operands(words: list[str], verb: str, operands: tuple[str, ...], current: str) -> None:
    found = line(*words)

    assert (found.verb, found.operands, found.current, found.flag) == (verb, operands, current, None)


@pytest.mark.parametrize(
    ("words", "flag", "current", "prefix"),
    [
        (["-n", "sh"], "namespace", "sh", ""),
        (["ls", "-n", ""], "namespace", "", ""),
        (["web", "--profile=ge"], "profile", "ge", "--profile="),
        (["-qn", ""], "namespace", "", ""),
        (["--dry-run", "we"], None, "we", ""),
        (["--dry-run=s"], "dry_run", "s", "--dry-run="),
        (["-q", "we"], None, "we", ""),
        (["--quiet=we"], None, "--quiet=we", ""),
        (["-nshop", "we"], None, "we", ""),
        (["--env", "A=b", "we"], None, "we", ""),
    ],
)
def test_the_value_of_a_flag(words: list[str], flag: str | None, current: str, prefix: str) -> None:
    found = line(*words)

    assert (found.flag.name if found.flag else None, found.current, found.prefix) == (flag, current, prefix)


def test_flags_that_lead_to_the_cluster_are_kept() -> None:
    found = line("--context", "prod", "-nshop", "--insecure-skip-tls-verify", "-q", "ls", "--as=ada", "-c", "app", "")

    assert found.connection == (
        "--context=prod",
        "--namespace=shop",
        "--insecure-skip-tls-verify",
        "--as=ada",
    )
    assert line("web", "-c", "app", "").given["container"] == "app"


def test_words_of_another_program_are_not_ours() -> None:
    assert read_line(["web", "--", "l"], VERBS, open_command) is None
