"""README.md and docs/ describe the program as it is."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from kubectl_dshell.cli.main import VERBS
from kubectl_dshell.cli.open import open_command
from kubectl_dshell.errors import EXIT_STATUS_MEANING

if TYPE_CHECKING:
    from collections.abc import Iterator

TOP = Path(__file__).parent.parent
DOCS = TOP / "docs"
README = (TOP / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [TOP / "README.md", TOP / "SECURITY.md", *sorted(DOCS.rglob("*.md"))]
TROUBLESHOOTING = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
MESSAGES = re.findall(r"^\| `(.+?)`", TROUBLESHOOTING, re.MULTILINE)
COMPARED = (TOP / "tests/e2e/test_comparison.py").read_text(encoding="utf-8")
LINES_OF_THREE_SCREENS = 150


def section(heading: str) -> str:
    return README.partition(f"\n## {heading}")[2].partition("\n## ")[0]


def test_it_fits_three_screens() -> None:
    assert len(README.splitlines()) <= LINES_OF_THREE_SCREENS


def test_the_exit_codes_are_those_of_the_enum() -> None:
    table = (DOCS / "exit-codes.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", table, re.MULTILINE)

    assert rows == [(str(int(status)), meaning) for status, meaning in EXIT_STATUS_MEANING.items()]


@pytest.mark.parametrize("document", ["README.md", *(f"docs/{page.name}" for page in sorted(DOCS.glob("*.md")))])
def test_every_flag_in_a_line_of_dshell_exists(document: str) -> None:
    commands: list[click.Command] = [open_command, *VERBS.values()]
    known = {name for c in commands for o in c.params for name in (*o.opts, *o.secondary_opts)} | {"--help"}
    lines = re.findall(r"(?:kubectl dshell|kubectl-dshell)\b[^\n`]*", (TOP / document).read_text(encoding="utf-8"))
    ours = [re.split(r" -- |[|;]", line)[0] for line in lines]
    named = {flag for line in ours for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]+", line)}

    assert named <= known | {"--version"}


def test_every_flag_of_the_program_is_documented_somewhere() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in DOCUMENTS)
    params = [param for command in (open_command, *VERBS.values()) for param in command.params]
    named = {max(param.opts, key=len) for param in params if isinstance(param, click.Option)}

    assert [flag for flag in sorted(named) if flag not in text] == []


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_in_it(verb: str) -> None:
    assert f"kubectl dshell {verb}" in README


def test_each_row_of_the_comparison_has_its_end_to_end_test() -> None:
    rows = re.findall(r"^\| (\w[^|]+?) \|", section("Compared with"), re.MULTILINE)
    tests = {name.replace("_", " ") for name in re.findall(r"^def test_(\w+)\(", COMPARED, re.MULTILINE)}

    assert {row.lower() for row in rows} == tests


def strings(module: Path) -> Iterator[str]:
    """Every text in a module, with an ellipsis for whatever is filled in."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)


PROGRAM = [text for module in sorted((TOP / "kubectl_dshell").rglob("*.py")) for text in strings(module) if " " in text]
SCRIPTS = [
    line
    for script in sorted((TOP / "kubectl_dshell/remote").glob("*.sh"))
    for line in script.read_text(encoding="utf-8").splitlines()
]


def test_troubleshooting_has_messages() -> None:
    assert len(MESSAGES) > 100


@pytest.mark.parametrize("message", MESSAGES)
def test_every_message_in_troubleshooting_is_one_of_the_program(message: str) -> None:
    parts = [re.escape(part.strip()) for part in message.split("…") if part.strip()]
    pattern = re.compile(".*".join(parts), re.DOTALL)

    assert any(pattern.search(text) for text in (*PROGRAM, *SCRIPTS))


def anchor(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_every_link_leads_somewhere() -> None:
    lost = []
    for file, heading in re.findall(r"\]\((?!https:)([^)#]*)(?:#([^)]*))?\)", README):
        headings = re.findall(r"^#+ (.+)$", (TOP / file).read_text(encoding="utf-8"), re.MULTILINE) if heading else []
        if not (TOP / file).exists() or (heading and heading not in map(anchor, headings)):
            lost.append(f"{file}#{heading}")

    assert lost == []


def test_every_bound_names_a_test_that_exists() -> None:
    text = (DOCS / "security.md").read_text(encoding="utf-8")
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
