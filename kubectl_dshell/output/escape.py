"""Makes untrusted text safe to print: a pod's message must not move the cursor."""

from __future__ import annotations

import unicodedata


def escape(text: str) -> str:
    """`text` with non-printing characters (C0, C1, bidi overrides, U+2028 ...) made visible; newlines stay."""
    return "".join(c if c == "\n" or is_printed(c) else ascii(c)[1:-1] for c in text)


def escape_line(text: str) -> str:
    """The same on one line: newlines become spaces."""
    return escape(text.replace("\n", " "))


def is_printed(character: str) -> bool:
    """Whether a terminal shows it without leaving the line or changing the direction."""
    category = unicodedata.category(character)
    return not category.startswith("C") and category not in ("Zl", "Zp")
