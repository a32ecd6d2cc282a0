"""Which debug containers nobody needs any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.domain.pod.pod import Phase
from kubectl_dshell.domain.text.duration import duration

if TYPE_CHECKING:
    from datetime import datetime

    from kubectl_dshell.domain.debug_container.status import DebugContainer

SILENT_SECONDS = 25  # a client beats every 15 s, and may be late
USED_SECONDS = 60  # a client of whom that was heard is one that somebody sits at: after 50 s its lease is over
_CLOCK_SECONDS = 60  # by how much the clocks of a node and of the API server may differ


def who_is_in(container: DebugContainer) -> str:
    """Who uses it this minute: "2 clients, last heartbeat 3 s ago"; empty where nobody does, or nothing is known."""
    live = container.live
    if live is None or not live.clients or live.silent > USED_SECONDS:
        return ""
    return f"{live.clients} client{'' if live.clients == 1 else 's'}, last heartbeat {live.silent} s ago"


def staleness(container: DebugContainer, now: datetime, older_than: int | None = None) -> str:
    """Why a running debug container is stale, in a few words; empty if it is not, or nothing says so.

    Of ours what its holder says counts, asked for by `commands.probe`: one that was not asked, or did not answer
    in time, is not stale. Past its limit it is by the API server's times, whatever is said: an app of the same user can
    stop the holder and answer in its place. Of other tools' only the age is known.
    """
    if container.phase is not Phase.RUNNING:
        return ""
    age = (now - container.started_at).total_seconds() if container.started_at else 0
    if container.lost:
        return "does not answer"
    if container.ours and container.limit is not None and age > container.limit + _CLOCK_SECONDS:
        return "past its --ttl"
    live = container.live
    if live is not None and not live.kept and live.silent > SILENT_SECONDS:
        return f"no client for {duration(live.silent)}"
    if older_than is not None and age > older_than:
        return f"older than {duration(older_than)}"
    return ""
