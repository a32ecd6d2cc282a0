"""`-v 6` and `-v 8`: requests, and bodies, as kubectl shows them, without what is secret.

Headers are never shown. In bodies, values of environment variables other than our own, and of fields that hold
secrets, are replaced.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

REQUESTS, BODIES = 6, 8
HIDDEN = "--- hidden ---"
_OWN_PREFIX = "DSHELL_"
_SEAL = "DSHELL_SEAL"  # of an entry that was refused it would fit one that somebody else adds
_SECRET_FIELDS = frozenset({"data", "stringData", "binaryData", "token", "password", "authorization"})
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@dataclass(frozen=True, slots=True)
class Trace:
    """Hands one line at a time to `write`, if `level` (kubectl's -v) asks for it."""

    level: int
    write: Callable[[str], None]

    def answered(self, method: str, url: str, status: str, seconds: float) -> None:
        """One request and what came of it; `status` is e.g. "200 OK" or why there is none."""
        if self.level >= REQUESTS:
            self.write(f"{method} {url} {status} in {seconds * 1000:.0f} ms")

    def body(self, kind: str, content: bytes) -> None:
        """A request's or an answer's body; `kind` is "Request" or "Response"."""
        if self.level >= BODIES and content:
            self.write(f"{kind} Body: {redacted(content)}")


SILENT = Trace(0, lambda _line: None)


def redacted(content: bytes) -> str:
    """`content` without secrets; anything but JSON is plain text of a server and stays as it is."""
    try:
        document = json.loads(content)
    except ValueError:
        return content.decode(errors="replace")
    return json.dumps(_clean(document), separators=(",", ":"), ensure_ascii=False)


def _clean(node: Any) -> Any:
    if isinstance(node, list):
        return [_clean(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {key: _field(key, value) for key, value in node.items()}


def _field(key: str, value: Any) -> Any:
    if value and (key in _SECRET_FIELDS or key == _APPLIED):
        return HIDDEN
    if key == "env" and isinstance(value, list):
        return [_variable(item) for item in value]
    return _clean(value)


def _variable(item: Any) -> Any:
    if isinstance(item, dict) and item.get("value"):
        name = str(item.get("name"))
        if name == _SEAL or not name.startswith(_OWN_PREFIX):
            return {**item, "value": HIDDEN}
    return _clean(item)
