"""What becomes of a list of debug containers while it is watched."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_dshell.domain.debug_container.listing import ListedContainer


class ChangeKind(StrEnum):
    """As a Kubernetes watch has them; also what no longer matches the flags is DELETED."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class Change:
    kind: ChangeKind
    listed: ListedContainer
    """As it is now, or was before it went."""
    gone: bool = False
    """Its pod is: it did not only change so that it is no longer asked for."""
