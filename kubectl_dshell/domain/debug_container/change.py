"""Changes of a watched list of debug containers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_dshell.domain.debug_container.listing import ListedContainer


class ChangeKind(StrEnum):
    """The event types of a Kubernetes watch; a container that no longer matches the flags is DELETED, too."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a listed debug container."""

    kind: ChangeKind
    listed: ListedContainer
    """The current state, or the last one before the deletion."""
    gone: bool = False
    """Whether its pod is gone, rather than that it no longer matches the flags."""


@dataclass(frozen=True, slots=True)
class ListUpdate:
    """The changes since the last update, and the number of ended containers that the filter leaves out now."""

    changes: list[Change]
    ended: int
