"""Traces of what admission changed (`-v 1`), and of requests (`-v 6`) and bodies (`-v 8`) in nearly kubectl's format.

Headers are never shown, and neither is the command in a URL. In bodies, values of environment variables other than our
own, and of fields that hold secrets, are replaced. Commands, arguments and annotations of pods are shown, since nothing
marks the secret ones.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from kubectl_dshell.domain.debug_container.admission import admission_changes
from kubectl_dshell.kube.kubeconfig.secret import HIDDEN, scrub

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_dshell.domain.pod.pod import Json

ADMISSION, REQUESTS, BODIES = 1, 6, 8
_COMMAND = re.compile(r"(?<=[?&])command=[^&]*(?:&command=[^&]*)*")
_OWN_PREFIX = "DSHELL_"
_SEAL = "DSHELL_SEAL"  # that of a rejected entry would be valid for one added by somebody else
_SECRET_FIELDS = frozenset({"data", "stringData", "binaryData", "token", "password", "authorization"})
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class RequestTrace(NamedTuple):
    """Writes a line at a time, if `level` (kubectl's -v) is high enough."""

    level: int
    write: Callable[[str], None]

    def admitted(self, pod: str, sent: Json, stored: Json) -> None:
        """Trace what admission changed in an ephemeral container of `pod`."""
        if self.level >= ADMISSION:
            for change in admission_changes(sent, stored):
                self.write(f"{sent['name']} in {pod}: {change}")

    def answered(self, method: str, url: str, status: str, seconds: float) -> None:
        """Trace a request; `status` is e.g. "200 OK", or the reason why there is none."""
        if self.level >= REQUESTS:
            shown = _COMMAND.sub("command=...", url)
            self.write(f"{method} {shown} {status} in {seconds * 1000:.0f} ms")

    def body(self, kind: str, content: bytes) -> None:
        """Trace a body; `kind` is "Request" or "Response"."""
        if self.level >= BODIES and content:
            self.write(f"{kind} Body: {redacted(content)}")


SILENT = RequestTrace(0, lambda _line: None)


def redacted(content: bytes) -> str:
    """`content` without secrets; if it does not look like JSON, it is plain text of a server."""
    try:
        document = json.loads(content)
        return json.dumps(_clean(document), separators=(",", ":"), ensure_ascii=False)
    except (ValueError, RecursionError):
        if content.lstrip()[:1] in (b"{", b"["):
            return f"{HIDDEN} ({len(content)} bytes that are not JSON)"
        return scrub(content.decode(errors="replace"))


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
