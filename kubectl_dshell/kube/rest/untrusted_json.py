"""Untrusted JSON: valid or `Malformed`, and limited in the memory it needs.

`at` and its siblings read values that are only displayed or are optional (a failure message, a version to resume from),
and never fail. Values that decisions depend on are read with `domain.pod.json_fields.Fields`, where a wrong type is
Malformed.
"""

from __future__ import annotations

import json
from typing import Any

from kubectl_dshell.errors import Malformed

MOST_VALUES = 1_000_000
"""Per document: the shortest value (`{},`) takes thirty times its length as an object."""
_USUAL_LENGTH = 16
"""Bytes per value; every list of pods has more, so long ones may have proportionally many values."""


def parse_json(text: bytes) -> Any:
    """The document.

    Raises:
        Malformed: invalid, nested too deeply, with a number of thousands of digits, or with too many values.
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


def at(node: object, *path: str) -> Any:
    """The value at a path of keys; None if it is absent or the path is blocked by another type."""
    for key in path:
        node = node.get(key) if isinstance(node, dict) else None
    return node


def text_at(node: object, *path: str) -> str:
    """The string at the path; empty for anything else."""
    found = at(node, *path)
    return found if isinstance(found, str) else ""


def objects_at(node: object, *path: str) -> list[dict[str, Any]]:
    """The objects in the list at the path, without elements of other types."""
    found = at(node, *path)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
