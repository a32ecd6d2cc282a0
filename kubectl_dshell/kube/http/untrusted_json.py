"""JSON of others: whole or `Malformed`, and of a size that memory can bear.

`at` and those beside it are for what is only told, or may as well not be there (the words of a failure, a version to go
on from): nothing fails for them. What is decided by is read with `domain.pod.json_fields.Fields`, for which a wrong
type is Malformed.
"""

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


def at(node: object, *path: str) -> Any:
    """What stands at a path of keys; None where there is none, or something else on the way."""
    for key in path:
        node = node.get(key) if isinstance(node, dict) else None
    return node


def text_at(node: object, *path: str) -> str:
    """The text there; empty for anything else."""
    found = at(node, *path)
    return found if isinstance(found, str) else ""


def objects_at(node: object, *path: str) -> list[dict[str, Any]]:
    """The objects in the list there, without what is none."""
    found = at(node, *path)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
