"""Makes text from elsewhere safe to print: a pod's message must not move the cursor."""

from __future__ import annotations

import unicodedata


def escape(text: str) -> str:
    """`text` with control and format characters (C0, C1, bidi overrides ...) made visible; newlines kept."""
    return "".join(c if c == "\n" or not unicodedata.category(c).startswith("C") else ascii(c)[1:-1] for c in text)
