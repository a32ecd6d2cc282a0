"""The command line is split before click sees it."""

from __future__ import annotations

import pytest

from kubectl_dshell.cli.argv import split_words, with_dashes
from kubectl_dshell.cli.dispatch import VERBS
from kubectl_dshell.cli.verbs.open import open_command


@pytest.mark.parametrize(
    ("line", "verb", "head", "command"),
    [
        ("web", None, ["web"], None),
        ("web -- ls -l", None, ["web"], ("ls", "-l")),
        ("web --", None, ["web"], ()),
        ("web -- a -- b", None, ["web"], ("a", "--", "b")),
        ("ls", "ls", [], None),
        ("-n shop ls -A", "ls", ["-n", "shop", "-A"], None),
        ("-nshop ls", "ls", ["-nshop"], None),
        ("--context=x cleanup web", "cleanup", ["--context=x", "web"], None),
        ("-n ls web", None, ["-n", "ls", "web"], None),
        ("--quiet ls", "ls", ["--quiet"], None),
        ("pod/ls", None, ["pod/ls"], None),
        ("web -c ls", None, ["web", "-c", "ls"], None),
        ("-- ls", None, [], ("ls",)),
        ("-qn shop ls", "ls", ["-qn", "shop"], None),
        ("-qnshop ls", "ls", ["-qnshop"], None),
        ("-tn shop cleanup", "cleanup", ["-tn", "shop"], None),
        ("-n=shop ls", "ls", ["-n=shop"], None),
        ("-nq ls", "ls", ["-nq"], None),
        ("-qn ls web", None, ["-qn", "ls", "web"], None),
        ("-qw ls", "ls", ["-qw"], None),
        ("--watch ls", "ls", ["--watch"], None),
        ("--no-such=1 -qn shop ls", "ls", ["--no-such=1", "-qn", "shop"], None),
        ("- ls", None, ["-", "ls"], None),
        ("-qn", None, ["-qn"], None),
        ("--quiet=no ls", None, ["--quiet=no", "ls"], None),
    ],
)
def test_the_verb_is_the_first_word_that_is_no_flag(
    line: str, verb: str | None, head: list[str], command: tuple[str, ...] | None
) -> None:
    assert split_words(line.split(), VERBS, open_command) == (verb, head, command)


@pytest.mark.parametrize(
    ("verb", "words", "mended"),
    [
        ("attach", "a ls -l", "a -- ls -l"),
        ("attach", "-n shop a -c app ls", "-n shop a -c app -- ls"),
        ("image", "busybox -t sh -c id", "busybox -t -- sh -c id"),
        ("attach", "a", ""),
        ("attach", "", ""),
        ("attach", "a --imgae x", ""),
        ("attach", "-n a", ""),
    ],
)
def test_a_command_without_dashes_gets_them(verb: str, words: str, mended: str) -> None:
    assert with_dashes(words.split(), VERBS[verb]) == mended.split()
