"""A debug container as data for programs: `docs/json.md` says what each field means."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from kubectl_dshell.domain.debug_container.listing import Stage
from kubectl_dshell.domain.debug_container.status import said

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubectl_dshell.domain.debug_container.change import Change
    from kubectl_dshell.domain.debug_container.listing import Judged
    from kubectl_dshell.domain.pod.unclear import Unclear

VERSION = "dshell/v1"


def list_document(found: Iterable[Judged], unclear: Iterable[Unclear]) -> dict[str, Any]:
    items = [session_document(one) for one in found]
    return {"apiVersion": VERSION, "kind": "SessionList", "items": items, "notUnderstood": unclear_documents(unclear)}


def unclear_documents(unclear: Iterable[Unclear]) -> list[dict[str, Any]]:
    """Pods that could not be understood."""
    return [{"namespace": one.namespace or None, "pod": one.pod, "why": one.why} for one in unclear]


def change_document(change: Change) -> dict[str, Any]:
    """One line of --watch -o json."""
    return {
        "type": str(change.kind),
        "object": {"apiVersion": VERSION, "kind": "Session", **session_document(change.judged)},
    }


def session_document(judged: Judged) -> dict[str, Any]:
    """camelCase keys and RFC 3339 times, as the API has them; null is what nobody knows, or does not apply."""
    session, live = judged.session, judged.session.live
    return {
        "namespace": session.namespace,
        "pod": session.pod,
        "name": session.name,
        "tool": judged.tool or None,
        "ours": session.ours,
        "owner": session.owner or None,
        "reason": session.reason or None,
        "target": session.target or None,
        "image": session.image or None,
        "node": session.node or None,
        "identity": _identity(judged),
        "state": str(judged.stage),
        "stateReason": session.waiting_reason or None,
        "message": said(session.message) or None,
        "exitCode": session.exit_code,
        "startedAt": _time(session.started_at),
        "finishedAt": _time(session.finished_at),
        "ttlSeconds": session.limit,
        "endsAt": _time(ends_at(judged)),
        "sessions": live.sessions if live else None,
        "silentSeconds": live.silent if live else None,
        "keptSeconds": live.kept if live else None,
        "stale": judged.stale,
        "staleReason": judged.why_stale or None,
    }


def ends_at(judged: Judged) -> datetime | None:
    """When its limit ends it, if it runs and has one."""
    session = judged.session
    if judged.stage is not Stage.RUNNING or session.started_at is None or session.limit is None:
        return None
    return session.started_at + timedelta(seconds=session.limit)


def _identity(judged: Judged) -> dict[str, Any] | None:
    uid, _, gid = judged.session.user.partition(":")
    if not uid:
        return None
    return {"uid": int(uid), "gid": int(gid) if gid else None, "source": judged.session.user_source}


def _time(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
