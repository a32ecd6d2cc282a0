"""Debug containers as table rows, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.domain.text.duration import age, duration
from kubectl_dshell.output.debug_containers.document import ends_at

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from kubectl_dshell.domain.debug_container.listing import ListedContainer

WIDTH = 100
_GAP = 3
_SHORTEST = {"OWNER": 10, "STATE": 15}
"""Columns that may be cut to fit, with their minimum width: the others have to be typed. `-o wide` cuts nothing."""

_IN_SHORT = {
    "by its last session": "",
    "by the cluster": "cluster",
    "at its limit": "limit",
    "after being kept": "kept",
    "after ": "no client",
}
"""Short forms of the holder's end messages, by prefix."""


def heads(*, wide: bool, everywhere: bool) -> list[str]:
    more = ["EXIT", "TTL", "ENDS IN", "TOOL", "REASON", "NODE", "IMAGE", "STALE"] if wide else []
    usual = ["POD", "NAME", "TARGET", "USER", "OWNER", "STATE", "AGE"]
    return (["NAMESPACE"] if everywhere else []) + usual + more


def rows(found: Sequence[ListedContainer], now: datetime, *, wide: bool, everywhere: bool) -> list[list[str]]:
    whole = [_row(one, now, wide=wide, everywhere=everywhere) for one in found]
    return whole if wide else _fitted(heads(wide=False, everywhere=everywhere), whole)


def _row(listed: ListedContainer, now: datetime, *, wide: bool, everywhere: bool) -> list[str]:
    s = listed.container
    state = state_cell(listed)
    row = [s.pod, s.name, s.target, s.user, s.owner, state if wide else in_short(state)]
    row.append(age(now - s.started_at) if s.started_at else "")
    if wide:
        ends = ends_at(listed)
        row += ["" if s.exit_code is None else str(s.exit_code), duration(s.limit) if s.limit else ""]
        row += [age(ends - now) if ends else "", listed.tool, s.reason, s.node, s.image, listed.why_stale]
    return [s.namespace, *row] if everywhere else row


def state_cell(listed: ListedContainer) -> str:
    """The state and, of a running container, the number of clients: "running, 1 here"."""
    live = listed.container.live
    if listed.stale:
        return "running, stale"
    if live is None:
        return listed.container.state
    if live.clients:
        return f"running, {live.clients} here"
    return "running, kept" if live.kept else "running, 0 here"


def in_short(state: str) -> str:
    """The state in short form: ended, ended (limit), ended (no client)."""
    verb, _, why = state.partition(" (")
    short = next((short for begin, short in _IN_SHORT.items() if why.startswith(begin)), None)
    if verb != "ended" or short is None:
        return state
    return f"{verb} ({short})" if short else verb


def _fitted(names: list[str], whole: list[list[str]]) -> list[list[str]]:
    """Cuts owners, then states, as far as needed for every line to fit."""
    widths = [max(len(row[i] or "<none>") for row in [names, *whole]) for i in range(len(names))]
    excess = sum(widths) + _GAP * (len(widths) - 1) - WIDTH
    for column, shortest in _SHORTEST.items():
        at = names.index(column)
        limit = max(shortest, widths[at] - max(excess, 0))
        excess -= max(0, widths[at] - limit)
        for row in whole:
            row[at] = row[at] if len(row[at]) <= limit else row[at][: limit - 1] + "…"
    return whole
