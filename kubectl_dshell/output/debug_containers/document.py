"""Debug containers as data for programs: `docs/json.md` describes each field."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from kubectl_dshell.domain.debug_container.end_message import termination_message
from kubectl_dshell.domain.debug_container.listing import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubectl_dshell.domain.debug_container.change import Change
    from kubectl_dshell.domain.debug_container.listing import ListedContainer
    from kubectl_dshell.domain.pod.unreadable import UnreadablePod

VERSION = "dshell/v1"


def list_document(found: Iterable[ListedContainer], unclear: Iterable[UnreadablePod], ended: int) -> dict[str, Any]:
    """`ended` is the number of ended containers that were left out."""
    items = [debug_container_document(one) for one in found]
    return {
        "apiVersion": VERSION,
        "kind": "DebugContainerList",
        "items": items,
        "endedNotShown": ended,
        "unreadablePods": unclear_documents(unclear),
    }


def unclear_documents(unclear: Iterable[UnreadablePod]) -> list[dict[str, Any]]:
    """The malformed pods."""
    return [{"namespace": one.namespace or None, "pod": one.pod, "why": one.why} for one in unclear]


def change_document(change: Change) -> dict[str, Any]:
    """One line of `--watch -o json`."""
    return {
        "type": str(change.kind),
        "object": {"apiVersion": VERSION, "kind": "DebugContainer", **debug_container_document(change.listed)},
    }


def debug_container_document(listed: ListedContainer) -> dict[str, Any]:
    """camelCase keys and RFC 3339 times, as in the API; null means unknown or not applicable."""
    container, live = listed.container, listed.container.live
    return {
        "namespace": container.namespace,
        "pod": container.pod,
        "name": container.name,
        "tool": listed.tool or None,
        "ours": container.ours,
        "owner": container.owner or None,
        "reason": container.reason or None,
        "target": container.target or None,
        "image": container.image or None,
        "node": container.node or None,
        "identity": _identity(listed),
        "state": str(listed.stage),
        "stateReason": container.waiting_reason or None,
        "message": termination_message(container.message) or None,
        "exitCode": container.exit_code,
        "startedAt": _time(container.started_at),
        "finishedAt": _time(container.finished_at),
        "toolsFrom": (container.tools and container.tools.lender) or None,
        "toolsFor": container.borrower or None,
        "volumesOf": container.target if container.volumes_only else None,
        "copyOf": container.copy_of or None,
        "ttlSeconds": container.limit,
        "endsAt": _time(ends_at(listed)),
        "clients": live.clients if live else None,
        "idleSeconds": live.silent if live else None,
        "keepSeconds": live.kept if live else None,
        "stale": listed.stale,
        "staleReason": listed.why_stale or None,
    }


def ends_at(listed: ListedContainer) -> datetime | None:
    """The time at which its --ttl ends it, if it is running and has one."""
    container = listed.container
    if listed.stage is not Stage.RUNNING or container.started_at is None or container.limit is None:
        return None
    return container.started_at + timedelta(seconds=container.limit)


def _identity(listed: ListedContainer) -> dict[str, Any] | None:
    uid, _, gid = listed.container.user.partition(":")
    if not uid:
        return None
    return {"uid": int(uid), "gid": int(gid) if gid else None, "source": listed.container.user_source}


def _time(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
