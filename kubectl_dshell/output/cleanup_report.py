"""The results of a cleanup, in every output format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubectl_dshell.domain.debug_container.cleanup_result import CleanupOutcome
from kubectl_dshell.domain.debug_container.staleness import who_is_in
from kubectl_dshell.domain.debug_container.status import tool
from kubectl_dshell.domain.pod.unreadable import told
from kubectl_dshell.domain.round_robin import by_group
from kubectl_dshell.domain.text.duration import age
from kubectl_dshell.output.debug_containers.document import VERSION, unclear_documents
from kubectl_dshell.output.debug_containers.formats import name_line
from kubectl_dshell.output.document import DocumentFormat, format_document
from kubectl_dshell.output.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from kubectl_dshell.domain.debug_container.cleanup_result import CleanupResult
    from kubectl_dshell.domain.debug_container.status import DebugContainer
    from kubectl_dshell.domain.pod.unreadable import UnreadablePod

_WORDS = {
    CleanupOutcome.ENDED: "ended",
    CleanupOutcome.ALREADY_ENDED: "already ended",
    CleanupOutcome.FAILED: "could not be ended",
    CleanupOutcome.WOULD_END: "would be ended",
    CleanupOutcome.LEFT: "skipped",
    CleanupOutcome.INTERRUPTED: "not confirmed to have ended",
}
STAY = "Ended debug containers stay listed in their pods until the pods are replaced; nothing in them runs."
WHY_THEY_STAY = """\
Why ended debug containers stay listed: Kubernetes cannot remove an ephemeral container from a pod. A pod's
containers are fixed when the pod is created; the one exception, the subresource pods/ephemeralcontainers, only
allows additions (the API server rejects every change or removal of an entry), so that a pod keeps a record of its
debug containers. An ended debug container therefore stays in spec.ephemeralContainers, and the way it ended in
status.ephemeralContainerStatuses, until the pod is replaced: kubectl delete pod, kubectl rollout restart. The
entry uses no CPU or memory, cannot be started again, and its name cannot be reused in the same pod."""


def format_line(ending: CleanupResult) -> str:
    s = ending.container
    why = f": {ending.why}" if ending.why else ""
    return escape_line(f"{s.namespace}/{s.pod} {s.name} {_WORDS[ending.outcome]}{why}") + "\n"


def format_name(ending: CleanupResult, *, everywhere: bool) -> str:
    """The name as in `ls -o name`; empty for a container that has not ended."""
    if ending.outcome not in {CleanupOutcome.ENDED, CleanupOutcome.WOULD_END}:
        return ""
    return name_line(ending.container, everywhere=everywhere)


def format_endings(endings: Sequence[CleanupResult], unclear: Sequence[UnreadablePod], form: DocumentFormat) -> str:
    """The whole of -o json and -o yaml (docs/json.md)."""
    items = [_document(ending) for ending in endings]
    more = {"items": items, "unreadablePods": unclear_documents(unclear)}
    return format_document({"apiVersion": VERSION, "kind": "CleanupResultList", **more}, form)


def _document(ending: CleanupResult) -> dict[str, Any]:
    s = ending.container
    return {
        "namespace": s.namespace,
        "pod": s.pod,
        "name": s.name,
        "tool": tool(s.name, ours=s.ours) or None,
        "ours": s.ours,
        "owner": s.owner or None,
        "outcome": str(ending.outcome),
        "why": ending.why or None,
        "advice": list(ending.advice),
    }


def summary(endings: Sequence[CleanupResult], untold: int, *, dry: bool = False) -> str:
    """The last line, for people; `untold` counts the containers never processed, `dry` marks a dry run."""
    count = {outcome: sum(e.outcome is outcome for e in endings) for outcome in CleanupOutcome}
    interrupted = untold + count[CleanupOutcome.INTERRUPTED]
    parts = [f"{count[CleanupOutcome.WOULD_END]} would be ended" if dry else f"{count[CleanupOutcome.ENDED]} ended"]
    parts += [f"{count[CleanupOutcome.ALREADY_ENDED]} already ended"] if count[CleanupOutcome.ALREADY_ENDED] else []
    failed = f"{count[CleanupOutcome.FAILED]} {'would fail' if dry else 'failed'}"
    parts += [failed] if count[CleanupOutcome.FAILED] or not dry else []
    parts += [f"{count[CleanupOutcome.LEFT]} skipped"] if count[CleanupOutcome.LEFT] else []
    parts += [f"{interrupted} unfinished when interrupted"] if interrupted else []
    if dry:
        return f"{', '.join(parts)}; nothing was done."
    stay = count[CleanupOutcome.ENDED] + count[CleanupOutcome.ALREADY_ENDED]
    return f"{', '.join(parts)}." + (f" {STAY}" if stay else "")


def not_ended(endings: Sequence[CleanupResult], unclear: Sequence[UnreadablePod]) -> list[str]:
    """The namespaces of those that failed or were skipped, and the malformed pods, for people."""
    where = [e.container.namespace for e in endings if e.outcome in {CleanupOutcome.FAILED, CleanupOutcome.LEFT}]
    lines = [f"Not ended: {by_group(where)}."] if len(where) > 1 else []
    return [*lines, *([told(unclear)] if unclear else [])]


def next_steps(endings: Sequence[CleanupResult], shown: int = 20) -> list[str]:
    """The next steps for each that has not ended, for people."""
    lines, advised = list[str](), [ending for ending in endings if ending.advice]
    for ending in advised[:shown]:
        heading = "Options" if len(ending.advice) > 1 else "Next step"
        lines += [f"{heading} for {ending.container.name}:", *(f"  {way}" for way in ending.advice)]
    more = len(advised) - shown
    return [*lines, *([f"... and {more} more; see all of them with -o json."] if more > 0 else [])]


def question(chosen: Sequence[DebugContainer], now: datetime, shown: int = 20) -> str:
    """The list to confirm; containers in use come first."""
    chosen = sorted(chosen, key=lambda s: (not who_is_in(s), s.namespace, s.pod, s.name))
    lines = [f"  {s.namespace}/{s.pod} {s.name} ({', '.join(_known(s, now))})" for s in chosen[:shown]]
    more = [f"  and {len(chosen) - shown} more"] if len(chosen) > shown else []
    return "\n".join(["This would end:", *lines, *more])


def _known(container: DebugContainer, now: datetime) -> Iterator[str]:
    yield container.owner or "created by another tool"
    if container.started_at:
        yield f"running for {age(now - container.started_at)}"
    if users := who_is_in(container):
        yield f"in use: {users}"
