"""docs/kubectl-exec.md can be compared with what happens: each row has a situation, and each situation a row."""

from __future__ import annotations

import pytest

from .e2e.exec_situations import SITUATIONS
from .e2e.exec_table import PAGE, Cell, Outcome, cell, rows

ENDS = frozenset({"COMMAND ends"})


def test_every_situation_is_a_row_and_the_other_way_round() -> None:
    assert list(rows()) == list(SITUATIONS)


def test_no_situation_has_two_rows() -> None:
    for situation in SITUATIONS:
        assert PAGE.read_text(encoding="utf-8").count(f"\n| {situation} | ") == 1


def test_where_both_differ_in_what_they_do_it_is_said_why() -> None:
    """In the row itself, or in one above it that differs in the same way."""
    explained: set[frozenset[str]] = set()
    for situation, row in rows().items():
        difference = row.kubectl.facts ^ row.dshell.facts
        explained |= {difference} if row.why else set()
        assert not difference or difference in explained, situation


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("0", Cell(0, (), frozenset())),
        ("42, `exit code 42`", Cell(42, ("exit code 42",), frozenset())),
        ("143, `a, b`, COMMAND ends", Cell(143, ("a, b",), ENDS)),
    ],
)
def test_a_cell_is_read(text: str, read: Cell) -> None:
    assert cell(text) == read


@pytest.mark.parametrize(
    ("text", "outcome", "agrees"),
    [
        ("0", Outcome(0), True),
        ("0", Outcome(1), False),
        ("0", Outcome(0, "warning"), False),
        ("0", Outcome(0, "a screen", on_terminal=True), True),
        ("1, `error: … lost`", Outcome(1, "error: the pod\nis lost\n"), True),
        ("1, `error: … lost`", Outcome(1, "error: it is lost\nand more\n"), False),
        ("1, `error: … lost…`", Outcome(1, "error: it is lost\nand more\n"), True),
        ("1, `lost`", Outcome(1, "it is lost\r\n$ ", on_terminal=True), True),
        ("1, `lost`", Outcome(1, "it is here", on_terminal=True), False),
        ("1, `not.`", Outcome(1, "nots"), False),
        ("130, COMMAND ends", Outcome(130, facts=ENDS), True),
        ("130, COMMAND ends", Outcome(130), False),
        ("130", Outcome(130, facts=ENDS), False),
    ],
)
def test_a_cell_agrees_with_what_it_says_and_with_nothing_else(text: str, outcome: Outcome, agrees: bool) -> None:
    assert cell(text).agrees_with(outcome) is agrees
