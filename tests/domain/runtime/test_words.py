"""What the recorded lines mean, and what they do not."""

from __future__ import annotations

import re

import pytest

from kubectl_dshell.domain.runtime.words import TABLE, Says, found_no_program, means

from .recorded import ALL, NO_SUCH_EXEC, NO_SUCH_EXEC_OF_CRUN, Line, ids


@pytest.mark.parametrize("line", ALL, ids=ids(ALL))
def test_each_line_means_one_thing(line: Line) -> None:
    assert [meaning for meaning in Says if means(line.text, meaning)] == ([line.says] if line.says else [])


@pytest.mark.parametrize("line", ALL, ids=ids(ALL))
def test_the_short_form_means_the_same(line: Line) -> None:
    """So it does not matter who has shortened it before."""
    assert [meaning for meaning in Says if means(line.short, meaning)] == ([line.says] if line.says else [])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "command terminated with non-zero exit code: exit status 255",
        "cat: can't open 'x': No such file or directory",
        'secret "exec" not found',
        "context deadline exceeded",
        "failed to reserve container name",
        "error mounting volume: no such file or directory",
    ],
)
def test_other_words_mean_nothing(text: str) -> None:
    assert [meaning for meaning in Says if means(text, meaning)] == []


def test_every_entry_of_the_table_is_found_by_itself_and_says_who_was_seen() -> None:
    assert {words.says for words in TABLE} == set(Says)
    for words in TABLE:
        re.compile(words.pattern)
        assert words.runtime
        assert re.fullmatch(r"(?:[\d.]+(?:, )?)*", words.seen), "versions alone"


@pytest.mark.parametrize(
    ("code", "message", "stderr", "none"),
    [
        *((None, line.text, "", True) for line in NO_SUCH_EXEC),
        (255, "command terminated with non-zero exit code", NO_SUCH_EXEC_OF_CRUN.text, True),
        (126, "", "", True),
        (127, "", "", True),
        (None, "", NO_SUCH_EXEC_OF_CRUN.text, False),
        (255, "", "sh: syntax error", False),
        (1, "", NO_SUCH_EXEC_OF_CRUN.text, False),
        (0, "", "", False),
        (137, "", "", False),
    ],
)
def test_an_exec_whose_program_is_not_there(code: int | None, message: str, stderr: str, *, none: bool) -> None:
    assert found_no_program(code, message, stderr) is none
