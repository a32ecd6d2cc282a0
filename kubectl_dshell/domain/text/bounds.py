"""Bounds on untrusted text from a cluster, of any length and content."""

from __future__ import annotations

import re
import unicodedata

LONGEST_LINE = 256
"""Characters shown of a name, a reason or a stamp."""
LONGEST_MESSAGE = 2048
"""Characters shown of a message; -v 8 shows all of it."""
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)


def small_number(text: object) -> int | None:
    """`text` as a number: 1 to 9 ASCII digits, within the arithmetic of every shell; None for anything else."""
    return int(text) if isinstance(text, str) and _NUMBER.fullmatch(text) else None


def one_line(text: str, limit: int = LONGEST_LINE) -> str:
    """`text` on one line: line breaks and control characters become spaces; cut to `limit` characters."""
    cut = text if len(text) <= limit else f"{text[: limit - 1]}…"
    if cut.isprintable():  # the usual case, and much faster
        return cut.strip()
    return "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in cut).strip()


def shortened(text: str, limit: int = LONGEST_MESSAGE) -> str:
    """`text`, or its first `limit` characters and its length."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… ({len(text)} characters in total; -v 8 shows more)"
