"""What became of a debug container that somebody wanted to end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from shlex import quote
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_dshell.domain.debug_container.status import DebugContainer


class CleanupOutcome(StrEnum):
    """The words of -o json."""

    ENDED = "ended"
    ALREADY_ENDED = "alreadyEnded"
    FAILED = "failed"
    WOULD_END = "wouldEnd"
    """Of a dry run."""
    LEFT = "left"
    """Not touched: somebody is in it, or there was no time for it."""
    INTERRUPTED = "interrupted"
    """We were stopped before its end was sure; it may end all the same."""


@dataclass(frozen=True, slots=True)
class CleanupResult:
    """`why` is empty where the outcome says it all; `advice` is what to type instead, for one that failed."""

    container: DebugContainer
    outcome: CleanupOutcome
    why: str = ""
    advice: tuple[str, ...] = ()


def failed(container: DebugContainer, why: str) -> CleanupResult:
    return CleanupResult(container, CleanupOutcome.FAILED, why, ways_out(container))


def left_to(container: DebugContainer, users: str, cluster_flags: str) -> CleanupResult:
    """One that `users` are in."""
    name, where = quote(f"{container.pod}/{container.name}"), quote(container.namespace)
    command = f"kubectl dshell cleanup {name} -n {where}{cluster_flags} -y"
    return CleanupResult(container, CleanupOutcome.LEFT, f"in use ({users})", (f"end it anyway: {command}",))


def no_time(container: DebugContainer, what: str) -> CleanupResult:
    """One that nobody came to."""
    return CleanupResult(container, CleanupOutcome.LEFT, f"no time left to {what}")


def ways_out(container: DebugContainer) -> tuple[str, str]:
    """What ends a debug container that we cannot end."""
    where = f"{quote(container.pod)} -n {quote(container.namespace)}"
    return (
        f"wait until it ends, or ask its user to exit (kubectl attach -it {where} -c {quote(container.name)})",
        f"replace the pod: kubectl delete pod {where}",
    )
