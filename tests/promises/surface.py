"""What scripts may rely on, one promise a line, as docs/compatibility.md describes it.

python -m tests.promises.surface    add what is new to surface.txt; a line is removed from it by hand, in a major version
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from hack.docs.reference import pages, shared_flags
from kubectl_dshell.cli.dispatch import PROGRAM
from kubectl_dshell.errors import EXIT_STATUS_MEANING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hack.docs.reference import FlagEntry

FILE = Path(__file__).parent / "surface.txt"
JSON = Path(__file__).parents[2] / "docs/json.md"


def surface() -> set[str]:
    """Of this version."""
    return {*_exit_codes(), *_flags(), *_json_fields()}


def promised() -> set[str]:
    return set(FILE.read_text(encoding="utf-8").splitlines())


def _exit_codes() -> Iterator[str]:
    yield from (f"exit code {int(status)}: {meaning}" for status, meaning in EXIT_STATUS_MEANING.items())


def _flags() -> Iterator[str]:
    yield from (line for entry in shared_flags() for line in _flag("every verb", entry))
    for page in pages():
        verb = page.title.removeprefix(PROGRAM).strip()
        yield f"verb {verb}"
        yield from (line for group in page.groups.values() for entry in group for line in _flag(verb, entry))


def _flag(verb: str, entry: FlagEntry) -> Iterator[str]:
    """Each name, each word that may follow it, its default and its variable."""
    main = next(name for name in entry.names if name.startswith("--"))
    takes = "takes a value" if entry.shown_value else "takes no value"
    yield from (f"flag {verb} {name}: {takes}" for name in entry.names)
    if "|" in entry.shown_value:
        yield from (f"flag {verb} {main}: takes {word}" for word in re.findall(r"[\w-]+", entry.shown_value))
    if entry.default:
        yield f"flag {verb} {main}: default {entry.default}"
    if entry.variable:
        yield f"flag {verb} {main}: variable {entry.variable}"


def _json_fields() -> Iterator[str]:
    """The documented fields; tests of each document compare them with what is written."""
    for section in JSON.read_text(encoding="utf-8").split("\n## ")[1:]:
        title = section.partition("\n")[0].strip("`")
        for table in re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE):
            head, _, *rows = ([cell.strip() for cell in row.strip("| \n").split(" | ")] for row in table.splitlines())
            if head[0] == "field":
                for row in rows:
                    kind = f" ({row[1]})" if head[1] == "type" and row[1].replace(" ", "").isalpha() else ""
                    yield from (f"json {title}: {name}{kind}" for name in re.findall(r"`(\w+)`", row[0]))


if __name__ == "__main__":
    FILE.write_text("\n".join(sorted(promised() | surface())) + "\n", encoding="utf-8")
