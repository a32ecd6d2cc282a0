"""What happens to the pods that are watched."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_dshell.domain.pod.pod import Json


class Happened(StrEnum):
    LISTED = "listed"
    """`pods` are all there are now, or a page of them: at the beginning, and whenever changes may have been missed."""
    CHANGED = "changed"
    DELETED = "deleted"
    LOST = "lost"
    """The cluster cannot be asked, for `why`; LISTED or RESUMED follows when it can."""
    RESUMED = "resumed"


@dataclass(frozen=True, slots=True)
class PodEvent:
    happened: Happened
    pods: tuple[Json, ...] = ()
    why: str = ""
    first: bool = True
    last: bool = True
    """Of the pages of a list. One that breaks off is begun anew."""
