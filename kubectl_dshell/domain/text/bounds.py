"""Bounds on text from a cluster. Whoever may change a pod writes what stands in it, however long and strange."""

from __future__ import annotations

import re
import unicodedata

LONGEST_LINE = 256
"""Characters of a name, a reason or a stamp that people are shown."""
LONGEST_MESSAGE = 2048
"""Characters of a message that people are shown; whole with -v 8."""
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)


def small_number(text: object) -> int | None:
    """The number that `text` is: 1 to 9 ASCII digits, which every shell can calculate with; None for anything else."""
    return int(text) if isinstance(text, str) and _NUMBER.fullmatch(text) else None


def one_line(text: str, limit: int = LONGEST_LINE) -> str:
    """`text` on one line, with blanks for line breaks and control characters, cut to `limit` characters."""
    cut = text if len(text) <= limit else f"{text[: limit - 1]}…"
    if cut.isprintable():  # the usual, and much faster
        return cut.strip()
    return "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in cut).strip()


def shortened(text: str, limit: int = LONGEST_MESSAGE) -> str:
    """`text`, or its first `limit` characters and how many there were."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… ({len(text)} characters in total; -v 8 shows more)"
