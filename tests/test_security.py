"""docs/security.md says of rights what the program's own table says, and what never happens has a test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kubectl_dshell.domain.permissions import USES, Use, in_words

TOP = Path(__file__).parent.parent
PAGE = (TOP / "docs/security.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the tables below a heading, without their heads."""
    text = re.split(r"\n##+ ", PAGE.partition(f"# {heading}\n")[2])[0]
    tables = re.findall(r"^\|(?:-+\|)+\n((?:\|.*\n)+)", text, re.MULTILINE)
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for one in tables for row in one.splitlines()]


@pytest.mark.parametrize("use", USES, ids=lambda use: use.name)
def test_every_use_has_its_rights_and_its_role(use: Use) -> None:
    (row,) = [row for row in rows("Who can do what, with which right") if row[0] == f"`{use.command}`"]

    assert row[1] == in_words(use.needed)
    assert row[2] == f"[`{use.name}.yaml`](../manifests/rbac/{use.name}.yaml)"
    assert row[3]


def test_what_never_happens_has_a_test() -> None:
    table = rows("What it never does")

    assert len(table) > 5
    for what, tests in table:
        files = re.findall(r"`(tests/[\w/]+\.py)`", tests)
        assert files, what
        assert [file for file in files if not (TOP / file).is_file()] == []


@pytest.mark.parametrize(
    "question", ["Who can do what, with which right", "What it never does", "Forbid it, or demand it", "The janitor"]
)
def test_what_an_admin_asks_has_a_section(question: str) -> None:
    assert re.search(rf"^##+ {question}$", PAGE, re.MULTILINE)
