"""docs/comparison.md says nothing of kubectl that no test shows, and nothing of others without a version and a date."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent
PAGE = (TOP / "docs/comparison.md").read_text(encoding="utf-8")
SHOWN = (TOP / "tests/e2e/test_comparison.py").read_text(encoding="utf-8")
README = (TOP / "README.md").read_text(encoding="utf-8")
OTHERS = ("cdebug", "docker debug", "podbench")


def section(tool: str) -> str:
    return PAGE.partition(f"\n## {tool}\n")[2].partition("\n## ")[0]


def table(text: str) -> list[list[str]]:
    rows = re.findall(r"^\| (.+) \|$", text, re.MULTILINE)
    return [[cell.strip() for cell in row.split(" | ")] for row in rows][1:]


def test_every_row_about_kubectl_debug_has_a_test() -> None:
    rows = table(section("kubectl debug"))

    assert len(rows) == 6
    assert [row for row in rows if f"def {row[-1].strip('`')}(" not in SHOWN] == []


def test_what_it_says_of_kubectl_debug_is_what_the_readme_says() -> None:
    rows = {row[0].lower(): row for row in table(README.partition("\n## Compared with")[2].partition("\n## ")[0])}
    told = {row[-1].strip("`").removeprefix("test_").replace("_", " "): row for row in table(section("kubectl debug"))}

    assert set(told) <= set(rows)
    for name in ("reading the files of the app", "a namespace that enforces restricted", "the exit code of a command"):
        assert [cell.replace("`", "") for cell in told[name][1:3]] == [
            cell.replace("`", "") for cell in rows[name][2:4]
        ]


@pytest.mark.parametrize("tool", OTHERS)
def test_a_tool_that_was_not_run_has_a_source_and_a_date(tool: str) -> None:
    head = " ".join(section(tool).partition("**What it does better**")[0].split())

    assert re.search(r"\bon 27 November 2026\b", head)
    assert "was not run" in head
    assert "](https://" in head


@pytest.mark.parametrize("tool", ["kubectl debug", *OTHERS])
def test_what_another_tool_does_better_comes_first(tool: str) -> None:
    text = section(tool)
    better = text.partition("**What it does better**\n\n")[2]

    assert len(re.findall(r"^- ", better, re.MULTILINE)) >= 4
    assert "\n| " not in text.partition("**What it does better**")[0]
