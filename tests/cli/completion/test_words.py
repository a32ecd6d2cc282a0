from __future__ import annotations

import pytest

from kubectl_dshell.cli.completion.words import is_offered, unquoted


@pytest.mark.parametrize(
    ("word", "plainly", "quoted"),
    [
        ("web-6d4f", True, True),
        ("web:/etc/os-release", True, True),
        ("--profile=general", True, True),
        ("a b", False, True),
        ("$(reboot)", False, True),
        ("`x`", False, True),
        ("a;b", False, True),
        ("~root", False, True),
        ("ü", False, True),
        ("", False, False),
        ("a\nb", False, False),
        ("a\tb", False, False),
        ("\x1b]0;x\x07", False, False),
        ("a\u202eb", False, False),
        ("\ufffd", False, False),
        ("\u0085", False, False),
        ("x" * 5000, False, False),
    ],
)
def test_what_may_be_offered(word: str, plainly: bool, quoted: bool) -> None:
    assert is_offered(word, quoted=False) is plainly
    assert is_offered(word, quoted=True) is quoted


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("web:/a", "web:/a"),
        (r"a\ b\$c", "a b$c"),
        ("'a $b", "a $b"),
        ("\"a 'b", "a 'b"),
        (r'"a\"\n', 'a"\\n'),
        (r"'a\b'c", r"a\bc"),
        ("a\\", "a"),
        ("", ""),
    ],
)
def test_a_word_of_bash_loses_its_quotes(typed: str, meant: str) -> None:
    assert unquoted(typed) == meant
