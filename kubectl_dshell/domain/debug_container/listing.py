"""Which of the debug containers there are somebody wants to see, judged, and in what order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from kubectl_dshell.domain.debug_container.staleness import staleness
from kubectl_dshell.domain.debug_container.tool import tool
from kubectl_dshell.domain.pod.pod import Phase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kubectl_dshell.domain.debug_container.status import Session


class Stage(StrEnum):
    """Where in its life a debug container is; one without a status waits (API: ContainerState's default)."""

    RUNNING = "running"
    WAITING = "waiting"
    ENDED = "ended"


STAGES = {
    Phase.RUNNING: Stage.RUNNING,
    Phase.WAITING: Stage.WAITING,
    Phase.UNKNOWN: Stage.WAITING,
    Phase.TERMINATED: Stage.ENDED,
}


class SortKey(StrEnum):
    POD = "pod"
    NAME = "name"
    AGE = "age"
    OWNER = "owner"
    STATE = "state"
    TARGET = "target"
    USER = "user"
    IMAGE = "image"
    NODE = "node"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class Judged:
    """A debug container and whether it is stale (None: nothing tells), with the reason."""

    session: Session
    stale: bool | None
    why_stale: str

    @property
    def stage(self) -> Stage:
        return STAGES[self.session.phase]

    @property
    def tool(self) -> str:
        return tool(self.session.name, ours=self.session.ours)


@dataclass(frozen=True, slots=True)
class Choice:
    """What is asked for; what is left at its default excludes nothing. `older_than` is in seconds."""

    pods: frozenset[str] = frozenset()
    mine: Callable[[Session], bool] | None = None
    """Which are the asker's own, if only those are asked for."""
    stage: Stage | None = None
    stale: bool = False
    older_than: int | None = None

    def may_want(self, session: Session) -> bool:
        """Whether it could be wanted, by what is known without asking its holder."""
        return (
            (not self.pods or session.pod in self.pods)
            and (self.mine is None or self.mine(session))
            and (self.stage is None or STAGES[session.phase] is self.stage)
            and (not self.stale or session.phase is Phase.RUNNING)
        )

    def wants(self, judged: Judged, now: datetime) -> bool:
        """Whether it is wanted. With `stale` a great age is one way of being so; without, it is a condition."""
        if self.stale:
            return self.may_want(judged.session) and bool(judged.stale)
        started = judged.session.started_at
        running_for = (now - started).total_seconds() if started and judged.stage is Stage.RUNNING else 0
        return self.may_want(judged.session) and (self.older_than is None or running_for > self.older_than)

    def judge(self, session: Session, now: datetime) -> Judged:
        why = staleness(session, now, self.older_than)
        return Judged(session, True if why else self._never_stale(session), why)

    def _never_stale(self, session: Session) -> bool | None:
        """False for what nothing makes stale; None where only an answer of the holder, or an age, would tell."""
        of_age = not session.ours and self.older_than is not None
        return False if session.phase is not Phase.RUNNING or session.live is not None or of_age else None


def in_order(found: Iterable[Judged], key: SortKey | None) -> list[Judged]:
    """By `key`, oldest first for age, then by namespace, pod and name."""
    whole = sorted(found, key=lambda one: (one.session.namespace, one.session.pod, one.session.name))
    return sorted(whole, key=_KEYS[key]) if key else whole


_LAST = datetime.max.replace(tzinfo=UTC)
_KEYS: dict[SortKey, Callable[[Judged], Any]] = {
    SortKey.POD: lambda one: one.session.pod,
    SortKey.NAME: lambda one: one.session.name,
    SortKey.AGE: lambda one: one.session.started_at or _LAST,
    SortKey.OWNER: lambda one: (not one.session.owner, one.session.owner),
    SortKey.STATE: lambda one: (list(Stage).index(one.stage), one.session.state),
    SortKey.TARGET: lambda one: one.session.target,
    SortKey.USER: lambda one: (not one.session.user, one.session.user),
    SortKey.IMAGE: lambda one: one.session.image,
    SortKey.NODE: lambda one: one.session.node,
    SortKey.TOOL: lambda one: (not one.tool, one.tool),
}
