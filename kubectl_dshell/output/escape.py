"""Makes text from elsewhere safe to print: a pod's message must not move the cursor."""

from __future__ import annotations

import unicodedata


def escape(text: str) -> str:
    """`text` with what is not printed as it is (C0, C1, bidi overrides, U+2028 ...) made visible; newlines kept."""
    return "".join(c if c == "\n" or is_printed(c) else ascii(c)[1:-1] for c in text)


def escape_line(text: str) -> str:
    """The same on one line: blanks for newlines."""
    return escape(text.replace("\n", " "))


def is_printed(character: str) -> bool:
    """Whether a terminal shows it, and goes on in the same line and direction."""
    category = unicodedata.category(character)
    return not category.startswith("C") and category not in ("Zl", "Zp")
