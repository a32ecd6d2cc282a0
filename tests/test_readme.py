"""The README, and what it leads to, say what is true."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from kubectl_dshell.cli.main import VERBS
from kubectl_dshell.cli.open import open_command
from kubectl_dshell.errors import EXIT_STATUS_MEANING

TOP = Path(__file__).parent.parent
README = (TOP / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [TOP / "README.md", TOP / "SECURITY.md", *sorted((TOP / "docs").rglob("*.md"))]


def test_the_exit_codes_are_those_of_the_enum() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", README, re.MULTILINE)

    assert rows == [(str(int(status)), meaning) for status, meaning in EXIT_STATUS_MEANING.items()]


def test_every_flag_it_names_exists() -> None:
    commands: list[click.Command] = [open_command, *VERBS.values()]
    known = {name for c in commands for o in c.params for name in (*o.opts, *o.secondary_opts)} | {"--help"}
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README.partition("## Develop")[0]))

    assert named <= known


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_in_it(verb: str) -> None:
    assert f"kubectl dshell {verb}" in README


def anchor(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(TOP)))
def test_every_link_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https:)([^)#]*)(?:#([^)]*))?\)", document.read_text(encoding="utf-8"))
    lost = []
    for file, heading in links:
        there = document.parent / file if file else document
        headings = re.findall(r"^#+ (.+)$", there.read_text(encoding="utf-8"), re.MULTILINE) if heading else []
        if not there.exists() or (heading and heading not in map(anchor, headings)):
            lost.append(f"{file}#{heading}")

    assert lost == []


def test_every_bound_names_a_test_that_exists() -> None:
    text = (TOP / "docs/security.md").read_text(encoding="utf-8")
    table = text.partition("## Bounds")[2].partition("\n## ")[0]
    rows = [
        line.split(" | ")[-1] for line in table.splitlines() if line.startswith("| ") and not line.startswith("| what")
    ]
    named = [(row, re.findall(r"[\w/]+\.py", row)) for row in rows]

    assert len(named) > 20
    for row, files in named:
        assert files, row
        folder = ""
        for file in files:
            folder = file.rpartition("/")[0] or folder
            assert (TOP / "tests" / folder / file.rpartition("/")[2]).is_file(), row
