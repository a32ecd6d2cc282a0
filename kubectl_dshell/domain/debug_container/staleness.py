"""Decides which debug containers are stale, that is, no longer needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.domain.pod.pod import Phase
from kubectl_dshell.domain.text.duration import duration

if TYPE_CHECKING:
    from datetime import datetime

    from kubectl_dshell.domain.debug_container.status import DebugContainer

SILENT_SECONDS = 25  # a client sends a heartbeat every 15 s, and one may be late
USED_SECONDS = 60  # a heartbeat within this time counts as in use: the lease expires after 50 s
_CLOCK_SECONDS = 60  # tolerated clock skew between a node and the API server


def who_is_in(container: DebugContainer) -> str:
    """The current users, "2 clients, last heartbeat 3 s ago"; empty if there are none, or none are known."""
    live = container.live
    if live is None or not live.clients or live.silent > USED_SECONDS:
        return ""
    return f"{live.clients} client{'' if live.clients == 1 else 's'}, last heartbeat {live.silent} s ago"


def staleness(container: DebugContainer, now: datetime, older_than: int | None = None) -> str:
    """Why a debug container is stale, in a few words; empty if it is not, or if that is unknown.

    One that has ended is not, unless it is a copy of a pod, which can be deleted.

    For our own containers the holder's reply decides (see `commands.manage.probe`); without a reply a container is
    never reported stale. One past its --ttl by the API server's times is stale regardless of the reply: an app of the
    same user can stop the holder and reply in its place. For containers of other tools only the age is known.
    """
    if container.is_copy and container.phase is Phase.TERMINATED:
        return "a copy that has ended"
    if container.phase is not Phase.RUNNING:
        return ""
    age = (now - container.started_at).total_seconds() if container.started_at else 0
    if container.lost:
        return "its holder is gone"
    if container.ours and container.limit is not None and age > container.limit + _CLOCK_SECONDS:
        return "past its --ttl"
    live = container.live
    if live is not None and not live.kept and live.silent > SILENT_SECONDS:
        return f"no client for {duration(live.silent)}"
    if older_than is not None and age > older_than:
        return f"older than {duration(older_than)}"
    return ""
