"""The tables of docs/kubectl-exec.md: a situation in each row, and what both programs do, in a form that can be compared.

A cell is the exit code of the client, what it says (in backticks, … for anything), and facts, separated by commas.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/kubectl-exec.md"
_BORDER = re.compile(r"(?<!\\)\|")
_QUOTED = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened: `said` is stderr or, `on_terminal`, all that the terminal has shown."""

    code: int
    said: str = ""
    facts: frozenset[str] = frozenset()
    on_terminal: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """What the table says of it."""

    code: int
    quoted: tuple[str, ...]
    facts: frozenset[str]

    def agrees_with(self, outcome: Outcome) -> bool:
        """Nothing is quoted of a program that says nothing; a terminal also shows what COMMAND prints."""
        return (self.code, self.facts) == (outcome.code, outcome.facts) and bool(self._said(outcome))

    def _said(self, outcome: Outcome) -> re.Match[str] | None:
        words = [r"\s*".join(map(re.escape, one.split())) for one in self.quoted]
        pattern = r"\s*".join(words).replace("…", r"[\s\S]*")
        said = outcome.said.strip()
        return re.search(pattern, said) if outcome.on_terminal else re.fullmatch(pattern, said)


@dataclass(frozen=True, slots=True)
class Row:
    """One situation."""

    kubectl: Cell
    dshell: Cell
    why: str


def rows() -> dict[str, Row]:
    """By their situations, as they stand in the page."""
    lines = re.findall(r"^\|(?!---)(.+)\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    split = ([text.strip() for text in _BORDER.split(line)] for line in lines)
    return {
        situation: Row(cell(kubectl), cell(dshell), why)
        for situation, kubectl, dshell, why in split
        if situation != "situation"
    }


def cell(text: str) -> Cell:
    words = [word.strip() for word in _QUOTED.sub("", text).split(",")]
    return Cell(int(words[0]), tuple(_QUOTED.findall(text)), frozenset(word for word in words[1:] if word))
