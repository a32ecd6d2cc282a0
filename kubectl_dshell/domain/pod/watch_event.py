"""Events of a watch on pods."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_dshell.domain.pod.pod import Json


class Happened(StrEnum):
    LISTED = "listed"
    """`pods` are all current pods, or one page of them: at the start, and whenever changes may have been missed."""
    CHANGED = "changed"
    DELETED = "deleted"
    LOST = "lost"
    """The cluster is unreachable because of `why`; LISTED or RESUMED follows once it is reachable again."""
    RESUMED = "resumed"


@dataclass(frozen=True, slots=True)
class PodEvent:
    """News of pods: a page of a list, a change, or why there are none."""

    happened: Happened
    pods: tuple[Json, ...] = ()
    why: str = ""
    first: bool = True
    last: bool = True
    """First and last page of a list. A list that is interrupted starts again from its first page."""
