"""Which tool made a debug container, where its name tells."""

from __future__ import annotations

import re

OURS = "dshell"
_GENERATED = {
    # kubectl's `cmd/debug` (computeDebugContainer) and cdebug's debuggerName; a name the user chose tells nothing.
    "kubectl debug": re.compile(r"debugger-[bcdfghjklmnpqrstvwxz2456789]{5}"),
    "cdebug": re.compile(r"cdebug-[0-9a-f]{8}"),
}


def tool(name: str, *, ours: bool) -> str:
    """One of dshell, kubectl debug and cdebug; empty when nothing tells."""
    if ours:
        return OURS
    return next((tool for tool, generated in _GENERATED.items() if generated.fullmatch(name)), "")
