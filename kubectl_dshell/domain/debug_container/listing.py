"""Filtering, staleness and sort order for `ls` and `ls --watch`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from kubectl_dshell.domain.debug_container.staleness import staleness
from kubectl_dshell.domain.debug_container.status import tool
from kubectl_dshell.domain.pod.pod import Phase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kubectl_dshell.domain.debug_container.status import DebugContainer


class Stage(StrEnum):
    """The stage in a debug container's life; without a status it is waiting (the default of v1 ContainerState)."""

    RUNNING = "running"
    WAITING = "waiting"
    ENDED = "ended"


NOT_ENDED = frozenset({Stage.RUNNING, Stage.WAITING})
"""What `ls` shows unless it is told otherwise: entries of ended ones stay in the pod and soon outnumber the others."""

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
class ListedContainer:
    """A debug container and whether it is stale (None: unknown), with the reason."""

    container: DebugContainer
    stale: bool | None
    why_stale: str

    @property
    def stage(self) -> Stage:
        return STAGES[self.container.phase]

    @property
    def tool(self) -> str:
        return tool(self.container.name, ours=self.container.ours)


@dataclass(frozen=True, slots=True)
class ListFilter:
    """The filter flags; a field at its default excludes nothing. `older_than` is in seconds."""

    pods: frozenset[str] = frozenset()
    mine: Callable[[DebugContainer], bool] | None = None
    """Selects the user's own containers, if only those are wanted."""
    stages: frozenset[Stage] = frozenset(Stage)
    stale: bool = False
    older_than: int | None = None

    def may_want(self, container: DebugContainer) -> bool:
        """Whether it can match, by what is known without querying its holder."""
        return (
            self._concerns(container)
            and STAGES[container.phase] in self.stages
            and (not self.stale or container.phase is Phase.RUNNING or container.is_copy)
        )

    def leaves_out(self, container: DebugContainer) -> bool:
        """Whether it has ended, and nothing else excludes it."""
        ended = STAGES[container.phase] is Stage.ENDED and Stage.ENDED not in self.stages
        return ended and not self.stale and self.older_than is None and self._concerns(container)

    def _concerns(self, container: DebugContainer) -> bool:
        return (not self.pods or container.pod in self.pods) and (self.mine is None or self.mine(container))

    def wants(self, listed: ListedContainer, now: datetime) -> bool:
        """Whether it matches. With `stale`, `older_than` is one criterion of staleness; else it is a condition."""
        if self.stale:
            return self.may_want(listed.container) and bool(listed.stale)
        started = listed.container.started_at
        running_for = (now - started).total_seconds() if started and listed.stage is Stage.RUNNING else 0
        return self.may_want(listed.container) and (self.older_than is None or running_for > self.older_than)

    def judge(self, container: DebugContainer, now: datetime) -> ListedContainer:
        why = staleness(container, now, self.older_than)
        return ListedContainer(container, True if why else self._never_stale(container), why)

    def _never_stale(self, container: DebugContainer) -> bool | None:
        """False if it cannot be stale; None if only the holder's reply, or an age, could tell."""
        of_age = not container.ours and self.older_than is not None
        return False if container.phase is not Phase.RUNNING or container.live is not None or of_age else None


def sorted_by(found: Iterable[ListedContainer], key: SortKey | None) -> list[ListedContainer]:
    """Sorted by `key` (age: oldest first), then by namespace, pod and name, lenders of tools after their borrowers."""
    whole = sorted(found, key=lambda one: _place(one.container))
    return sorted(whole, key=_KEYS[key]) if key else whole


def _place(container: DebugContainer) -> tuple[str, str, str, bool]:
    name = container.borrower or container.name
    return container.namespace, container.pod, name, bool(container.borrower)


_LAST = datetime.max.replace(tzinfo=UTC)
_KEYS: dict[SortKey, Callable[[ListedContainer], Any]] = {
    SortKey.POD: lambda one: one.container.pod,
    SortKey.NAME: lambda one: one.container.name,
    SortKey.AGE: lambda one: one.container.started_at or _LAST,
    SortKey.OWNER: lambda one: (not one.container.owner, one.container.owner),
    SortKey.STATE: lambda one: (list(Stage).index(one.stage), one.container.state),
    SortKey.TARGET: lambda one: one.container.target,
    SortKey.USER: lambda one: (not one.container.user, one.container.user),
    SortKey.IMAGE: lambda one: one.container.image,
    SortKey.NODE: lambda one: one.container.node,
    SortKey.TOOL: lambda one: (not one.tool, one.tool),
}
