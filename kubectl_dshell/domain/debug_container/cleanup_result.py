"""The result of a cleanup for one debug container."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from shlex import quote
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_dshell.domain.debug_container.status import DebugContainer
    from kubectl_dshell.domain.text.invocation import Invocation


class CleanupOutcome(StrEnum):
    """The values of `outcome` in -o json."""

    ENDED = "ended"
    ALREADY_ENDED = "alreadyEnded"
    FAILED = "failed"
    WOULD_END = "wouldEnd"
    """In a dry run."""
    LEFT = "left"
    """Not touched: it is in use, or there was no time left for it."""
    INTERRUPTED = "interrupted"
    """The cleanup was interrupted before its end was confirmed; it may still end."""


@dataclass(frozen=True, slots=True)
class CleanupResult:
    """`why` is empty if the outcome needs no reason; `advice` lists the next steps for one that has not ended."""

    container: DebugContainer
    outcome: CleanupOutcome
    why: str = ""
    advice: tuple[str, ...] = ()


def failed(container: DebugContainer, why: str) -> CleanupResult:
    return CleanupResult(container, CleanupOutcome.FAILED, why, ways_out(container))


def left_to(container: DebugContainer, users: str, invocation: Invocation) -> CleanupResult:
    """The result for a container in use by `users`."""
    name = f"{container.pod}/{container.name}"
    command = invocation.command("cleanup", name, namespace=container.namespace)
    return CleanupResult(container, CleanupOutcome.LEFT, f"in use ({users})", (f"end it anyway: {command} -y",))


def no_time(container: DebugContainer, what: str) -> CleanupResult:
    """The result for a container that the deadline left no time for."""
    return CleanupResult(container, CleanupOutcome.LEFT, f"no time left to {what}")


def ways_out(container: DebugContainer) -> tuple[str, str]:
    """The remaining ways to end a debug container that cleanup cannot end."""
    where = f"{quote(container.pod)} -n {quote(container.namespace)}"
    leave = f"attach to it and exit: kubectl attach -it {where} -c {quote(container.name)}"
    return (
        f"wait until it ends, or {'ask its owner to exit' if container.ours else leave}",
        f"replace the pod: kubectl delete pod {where}",
    )
