"""What became of each debug container that was to end, in all its forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubectl_dshell.domain.age import age
from kubectl_dshell.domain.ending import Outcome
from kubectl_dshell.domain.tool import tool
from kubectl_dshell.output.document import Format, format_document
from kubectl_dshell.output.escape import escape
from kubectl_dshell.output.session_document import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from kubectl_dshell.domain.ending import Ending
    from kubectl_dshell.domain.session import Session

_WORDS = {
    Outcome.ENDED: "ended",
    Outcome.ALREADY_ENDED: "already ended",
    Outcome.FAILED: "could not be ended",
    Outcome.WOULD_END: "would be ended",
    Outcome.INTERRUPTED: "was not waited for",
}
STAY = "The entries stay listed in their pods until the pods are replaced; nothing of them runs."
WHY_THEY_STAY = """\
Why they stay: Kubernetes has no way to remove an ephemeral container. A pod's containers are fixed when it is
created; the one exception, the subresource pods/ephemeralcontainers, only adds (its validation refuses every
change or removal of an entry), so that a pod keeps the record of what was done in it. An ended debug
container therefore stays in spec.ephemeralContainers, and how it ended in status.ephemeralContainerStatuses,
until another pod takes the place of this one: kubectl delete pod, kubectl rollout restart. The entry takes no
CPU and no memory, cannot be started again, and its name cannot be given to another in the same pod."""


def format_line(ending: Ending) -> str:
    s = ending.session
    why = f": {ending.why}" if ending.why else ""
    return escape(f"{s.namespace}/{s.pod} {s.name} {_WORDS[ending.outcome]}{why}") + "\n"


def format_name(ending: Ending, *, everywhere: bool) -> str:
    """As in a list of debug containers; nothing for one that did not end."""
    if ending.outcome not in {Outcome.ENDED, Outcome.WOULD_END}:
        return ""
    s = ending.session
    return escape(f"{s.namespace + '/' if everywhere else ''}{s.pod}/{s.name}") + "\n"


def format_endings(endings: Sequence[Ending], form: Format) -> str:
    """The whole of -o json and -o yaml (docs/json.md)."""
    items = [_document(ending) for ending in endings]
    return format_document({"apiVersion": VERSION, "kind": "CleanupResultList", "items": items}, form)


def _document(ending: Ending) -> dict[str, Any]:
    s = ending.session
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


def summary(endings: Sequence[Ending], untold: int) -> str:
    """The last line for a person; `untold` are those that nobody came to."""
    count = {outcome: sum(e.outcome is outcome for e in endings) for outcome in Outcome}
    if count[Outcome.WOULD_END]:
        return f"{count[Outcome.WOULD_END]} would be ended; nothing was done."
    interrupted = untold + count[Outcome.INTERRUPTED]
    parts = [f"{count[Outcome.ENDED]} ended"]
    parts += [f"{count[Outcome.ALREADY_ENDED]} already ended"] if count[Outcome.ALREADY_ENDED] else []
    parts += [f"{count[Outcome.FAILED]} failed"]
    parts += [f"{interrupted} left when stopped"] if interrupted else []
    stay = count[Outcome.ENDED] + count[Outcome.ALREADY_ENDED]
    return f"{', '.join(parts)}." + (f" {STAY}" if stay else "")


def ways_out(endings: Sequence[Ending]) -> list[str]:
    """What to do about each that failed, for a person."""
    return [
        line
        for ending in endings
        if ending.advice
        for line in (f"Two ways out for {ending.session.name}:", *(f"  {way}" for way in ending.advice))
    ]


def question(chosen: Sequence[Session], now: datetime, shown: int = 20) -> str:
    """What a person is asked to say yes to."""
    lines = [f"  {s.namespace}/{s.pod} {s.name} ({', '.join(_known(s, now))})" for s in chosen[:shown]]
    more = [f"  and {len(chosen) - shown} more"] if len(chosen) > shown else []
    return "\n".join(["This would end:", *lines, *more])


def _known(session: Session, now: datetime) -> Iterator[str]:
    yield session.owner or "of another tool"
    if session.started_at:
        yield f"for {age(now - session.started_at)}"
