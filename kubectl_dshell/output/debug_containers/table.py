"""Debug containers as table rows, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kubectl_dshell.domain.text.duration import age, duration
from kubectl_dshell.output.debug_containers.document import ends_at

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
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
    "by a client": "cleanup",
    "after being kept": "kept",
    "after ": "no client",
}
"""Short forms of the holder's end messages, by prefix."""


class _Column(NamedTuple):
    head: str
    cell: Callable[[ListedContainer, datetime], str]


_EVERYWHERE = (_Column("NAMESPACE", lambda one, _: one.container.namespace),)
_USUAL = (
    _Column("POD", lambda one, _: one.container.pod),
    _Column("NAME", lambda one, _: one.container.name),
    _Column("TARGET", lambda one, _: one.container.target + " (volumes)" * one.container.volumes_only),
    _Column("USER", lambda one, _: one.container.user),
    _Column("OWNER", lambda one, _: one.container.owner),
    _Column("STATE", lambda one, _: state_cell(one)),
    _Column("AGE", lambda one, now: age(now - at) if (at := one.container.started_at) else ""),
)
_WIDE = (
    _Column("EXIT", lambda one, _: "" if one.container.exit_code is None else str(one.container.exit_code)),
    _Column("TTL", lambda one, _: duration(one.container.limit) if one.container.limit else ""),
    _Column("ENDS IN", lambda one, now: age(at - now) if (at := ends_at(one)) else ""),
    _Column("TOOL", lambda one, _: one.tool),
    _Column("REASON", lambda one, _: one.container.reason),
    _Column("NODE", lambda one, _: one.container.node),
    _Column("IMAGE", lambda one, _: one.container.image),
    _Column("STALE", lambda one, _: one.why_stale),
)


def heads(*, wide: bool, everywhere: bool) -> list[str]:
    return [column.head for column in _columns(wide=wide, everywhere=everywhere)]


def rows(found: Sequence[ListedContainer], now: datetime, *, wide: bool, everywhere: bool) -> list[list[str]]:
    columns = _columns(wide=wide, everywhere=everywhere)
    whole = [[column.cell(one, now) for column in columns] for one in found]
    return whole if wide else _fitted(heads(wide=False, everywhere=everywhere), whole)


def _columns(*, wide: bool, everywhere: bool) -> tuple[_Column, ...]:
    return (*(_EVERYWHERE if everywhere else ()), *_USUAL, *(_WIDE if wide else ()))


def state_cell(listed: ListedContainer) -> str:
    """The state and, of a running container, the number of clients: "running (1 client)"."""
    live = listed.container.live
    if listed.stale:
        return "running (stale)"
    if listed.container.borrower and (live is None or live.clients <= 1):
        return f"running (for {listed.container.borrower})"
    if live is None:
        return listed.container.state
    if live.clients:
        return f"running ({live.clients} client{'' if live.clients == 1 else 's'})"
    return "running (kept)" if live.kept else "running (0 clients)"


def in_short(state: str) -> str:
    """The state in short form: ended, ended (limit), ended (no client)."""
    verb, _, why = state.partition(" (")
    short = next((short for begin, short in _IN_SHORT.items() if why.startswith(begin)), None)
    if verb != "ended" or short is None:
        return state
    return f"{verb} ({short})" if short else verb


def _fitted(names: list[str], whole: list[list[str]]) -> list[list[str]]:
    """Shortens states; then cuts owners, then states, as far as needed for every line to fit."""
    state = names.index("STATE")
    for row in whole:
        row[state] = in_short(row[state])
    widths = [max(len(row[i] or "<none>") for row in [names, *whole]) for i in range(len(names))]
    excess = sum(widths) + _GAP * (len(widths) - 1) - WIDTH
    for column, shortest in _SHORTEST.items():
        at = names.index(column)
        limit = max(shortest, widths[at] - max(excess, 0))
        excess -= max(0, widths[at] - limit)
        for row in whole:
            row[at] = row[at] if len(row[at]) <= limit else row[at][: limit - 1] + "…"
    return whole
