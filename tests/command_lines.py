"""The command lines of README.md and docs/: what a reader pastes into a shell, as the words that this program gets."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

TOP = Path(__file__).parent.parent
DOCUMENTS = [TOP / "README.md", *sorted((TOP / "docs").rglob("*.md"))]
_BLOCK = re.compile(r"^( *)```(?:console|sh)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_PROMPT = re.compile(r"^(?:\S+ )??[$#] (.+)$")
"""Of a user, or of a session."""
_BEFORE = re.compile(r"xargs|\w+=.*")
_ENDS = re.compile(r"[|&;()]+")


class CommandLine(NamedTuple):
    """One run of the program."""

    document: str
    line: str
    """As it stands there, without the prompt."""
    words: tuple[str, ...]
    """Without `kubectl dshell`."""


def command_lines() -> list[CommandLine]:
    """All of them, but for one that ends at a TAB."""
    return [
        CommandLine(str(document.relative_to(TOP)), line, words)
        for document in DOCUMENTS
        for line in typed(document.read_text(encoding="utf-8"))
        if "<TAB>" not in line
        for words in runs(line)
    ]


def without_comment(line: str) -> str:
    """As it is run."""
    return re.sub(r"\s+# .*$", "", line)


def typed(text: str) -> Iterator[str]:
    """The lines with a prompt in the blocks of a document, each with those that continue it."""
    for indent, block in _BLOCK.findall(text):
        joined = re.sub(r" *\\\n\s*", " ", block)
        for line in joined.splitlines():
            if found := _PROMPT.match(line.removeprefix(indent)):
                yield found[1]


def runs(line: str) -> Iterator[tuple[str, ...]]:
    """What follows `kubectl dshell` in each simple command of a line; xargs and `VAR=value` may precede it."""
    for words in _simple_commands(line):
        at = next((at for at, word in enumerate(words) if not _BEFORE.fullmatch(word)), len(words))
        if words[at : at + 2] == ["kubectl", "dshell"]:
            yield tuple(words[at + 2 :])
        elif words[at : at + 1] == ["kubectl-dshell"]:
            yield tuple(words[at + 1 :])


def _simple_commands(line: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>()")
    lexer.commenters = "#"
    lexer.wordchars += "$@{},:%+^!\\[]"
    words: list[str] = []
    redirected = False
    for token in lexer:
        if redirected:
            redirected = False
        elif set(token) <= set("<>&") and set(token) & set("<>"):
            if words and words[-1].isdigit() and f"{words[-1]}{token}" in line:
                words.pop()
            redirected = True
        elif _ENDS.fullmatch(token):
            yield words
            words = []
        else:
            words.append(token)
    yield words
