"""JSON of others: whole or `Malformed`, and of a size that memory can bear."""

from __future__ import annotations

import json
from typing import Any

from kubectl_dshell.errors import Malformed

MOST_VALUES = 1_000_000
"""In one document: the value that is cheapest to write (`{},`) takes thirty times its length once it is an object."""
_USUAL_LENGTH = 16
"""Bytes for each value that no list of pods falls below; long ones may have more values by that."""


def parse_json(text: bytes) -> Any:
    """The document.

    Raises:
        Malformed: it is none, is nested too deeply, has a number of thousands of digits, or too many values.
    """
    most = max(MOST_VALUES, len(text) // _USUAL_LENGTH)
    if text.count(b",") + text.count(b"[") + text.count(b"{") > most:
        raise Malformed(f"JSON with more than {most} values")
    try:
        return json.loads(text)
    except RecursionError:
        raise Malformed("JSON that is nested too deeply") from None
    except ValueError as error:
        raise Malformed(f"not JSON: {error}") from error
