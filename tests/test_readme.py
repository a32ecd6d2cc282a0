"""README.md and docs/ describe the program as it is."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from kubectl_dshell import errors
from kubectl_dshell.cli.dispatch import VERBS
from kubectl_dshell.cli.verbs.open import open_command
from kubectl_dshell.errors import DshellError

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


@pytest.mark.parametrize("document", ["README.md", *(f"docs/{page.name}" for page in sorted(DOCS.glob("*.md")))])
def test_every_flag_in_a_line_of_dshell_exists(document: str) -> None:
    commands: list[click.Command] = [open_command, *VERBS.values()]
    known = {name for c in commands for o in c.params for name in (*o.opts, *o.secondary_opts)} | {"--help"}
    lines = re.findall(r"(?:kubectl dshell|kubectl-dshell)\b[^\n`]*", (TOP / document).read_text(encoding="utf-8"))
    ours = [re.split(r" -- |[|;]", line)[0] for line in lines]
    named = {flag for line in ours for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]+", line)}

    assert named <= known | {"--version"}


def test_every_flag_of_the_program_is_explained_beside_the_reference() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in DOCUMENTS if page.name != "reference.md")
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


def text_of(node: ast.AST) -> str:
    """A text as it is in the source, with an ellipsis for whatever is filled in; empty if it is none."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in parts)
        case _:
            return ""


def strings(module: Path) -> Iterator[str]:
    """Every text in a module but docstrings."""
    nodes = list(ast.walk(ast.parse(module.read_text(encoding="utf-8"))))
    docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    yield from (text_of(node) for node in nodes if id(node) not in docstrings)


PROGRAM = [text for module in sorted((TOP / "kubectl_dshell").rglob("*.py")) for text in strings(module) if " " in text]
SCRIPTS = [
    line
    for script in sorted((TOP / "kubectl_dshell/remote").glob("*.sh"))
    for line in script.read_text(encoding="utf-8").splitlines()
]


PATTERNS = {
    message: re.compile(".*".join(re.escape(part.strip()) for part in message.split("…") if part.strip()), re.DOTALL)
    for message in MESSAGES
}
ENOUGH = 18
"""Letters of its own that a message needs to be told from others; one with fewer is the cluster's."""


@pytest.mark.parametrize("message", MESSAGES)
def test_every_message_in_troubleshooting_is_one_of_the_program(message: str) -> None:
    assert any(PATTERNS[message].search(text) for text in (*PROGRAM, *SCRIPTS))


def failures() -> Iterator[str]:
    """The first words of every failure that the program raises with a text of its own."""
    names = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, DshellError)}
    for module in sorted((TOP / "kubectl_dshell").rglob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and called(node.func) in names:
                text = text_of(node.args[0])
                if len(re.findall(r"[a-z]", text)) >= ENOUGH:
                    yield text


def called(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def test_every_failure_of_the_program_is_in_troubleshooting() -> None:
    missing = [text for text in failures() if not any(pattern.search(text) for pattern in PATTERNS.values())]

    assert missing == []


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
