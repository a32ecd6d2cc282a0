"""What became of a debug container that somebody wanted to end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_dshell.domain.session import Session


class Outcome(StrEnum):
    """The words of -o json."""

    ENDED = "ended"
    ALREADY_ENDED = "alreadyEnded"
    FAILED = "failed"
    WOULD_END = "wouldEnd"
    """Of a dry run."""
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


def ways_out(session: Session) -> tuple[str, str]:
    """What ends a debug container that we cannot end."""
    where = f"{session.pod} -n {session.namespace}"
    return (
        f"wait for it, or let whoever is in it leave (kubectl attach -it {where} -c {session.name})",
        f"replace the pod: kubectl delete pod {where}",
    )
