"""Identifies the tool that made a debug container by its generated name."""

from __future__ import annotations

import re

OURS = "dshell"
_GENERATED = {
    # kubectl's `cmd/debug` (computeDebugContainer) and cdebug's debuggerName; a user-chosen name tells nothing.
    "kubectl debug": re.compile(r"debugger-[bcdfghjklmnpqrstvwxz2456789]{5}"),
    "cdebug": re.compile(r"cdebug-[0-9a-f]{8}"),
}


def tool(name: str, *, ours: bool) -> str:
    """One of dshell, kubectl debug and cdebug; empty if unknown."""
    if ours:
        return OURS
    return next((tool for tool, generated in _GENERATED.items() if generated.fullmatch(name)), "")
