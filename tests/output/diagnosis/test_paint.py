"""Colours and broken lines are for terminals."""

from __future__ import annotations

import os
import sys

import pytest

from kubectl_dshell.output.diagnosis.paint import painter, paragraph, stdout_width


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "90")
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_a_pipe_gets_neither() -> None:
    assert painter()("ok", "green") == "ok"
    assert stdout_width() == 0


@pytest.mark.usefixtures("terminal")
def test_a_terminal_gets_both() -> None:
    assert painter()("ok", "green") == "\x1b[32mok\x1b[0m"
    assert stdout_width() == 90


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_who_wants_no_colour_gets_none(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, name, value)

    assert painter()("ok", "green") == "ok"


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 80, ["ok"]),
        ("one two", 0, ["ok one two"]),
        ("one two", 10, ["ok one two"]),  # too narrow to be broken
        ("word " * 12, 50, ["ok " + "word " * 8 + "word", "   word word word"]),
        ("one\ntwo \u2028", 80, ["ok one", "   two"]),
        ("a-b " * 15, 43, ["ok " + "a-b " * 9 + "a-b", "   " + "a-b " * 4 + "a-b"]),
    ],
)
def test_a_paragraph_is_indented_below_its_first_line(text: str, width: int, lines: list[str]) -> None:
    assert list(paragraph("ok ", text, width)) == lines
