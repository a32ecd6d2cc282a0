"""What became of a debug container that somebody wanted to end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from shlex import quote
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_dshell.domain.debug_container.status import Session


class Outcome(StrEnum):
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
class Ending:
    """`why` is empty where the outcome says it all; `advice` is what to type instead, for one that failed."""

    session: Session
    outcome: Outcome
    why: str = ""
    advice: tuple[str, ...] = ()


def failed(session: Session, why: str) -> Ending:
    return Ending(session, Outcome.FAILED, why, ways_out(session))


def left_to(session: Session, users: str, cluster_flags: str) -> Ending:
    """One that `users` are in."""
    name, where = quote(f"{session.pod}/{session.name}"), quote(session.namespace)
    command = f"kubectl dshell cleanup {name} -n {where}{cluster_flags} -y"
    return Ending(session, Outcome.LEFT, f"in use ({users})", (f"end it all the same: {command}",))


def no_time(session: Session, what: str) -> Ending:
    """One that nobody came to."""
    return Ending(session, Outcome.LEFT, f"no time to {what}")


def ways_out(session: Session) -> tuple[str, str]:
    """What ends a debug container that we cannot end."""
    where = f"{quote(session.pod)} -n {quote(session.namespace)}"
    return (
        f"wait for it, or let whoever is in it leave (kubectl attach -it {where} -c {quote(session.name)})",
        f"replace the pod: kubectl delete pod {where}",
    )
