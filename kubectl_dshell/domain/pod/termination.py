"""A pod that is being stopped, and the time that is left in it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from kubectl_dshell.domain.text.bounds import one_line

if TYPE_CHECKING:
    from kubectl_dshell.domain.pod.pod import Json


def describe(name: str, pod: Json, now: datetime) -> str:
    """A notice for the user of a session, from the pod's metadata.

    A pod stopped by its node (eviction, node shutdown) has no deletionTimestamp.
    """
    meta = pod.get("metadata")
    left = seconds_left(meta, now) if isinstance(meta, dict) else None
    if left is not None:
        return f"pod {one_line(name)} is being deleted: about {left} s left, less if the app exits sooner"
    return f"pod {one_line(name)} is being stopped: this session ends with the app"


def seconds_left(meta: Json, now: datetime) -> int | None:
    """Seconds until the node kills the remaining processes; None if the pod is not being deleted, or that is unknown.

    `deletionTimestamp` is the end of the grace period by the server's clock. Our clock may differ, so the result is
    limited to `deletionGracePeriodSeconds`, the whole period.
    """
    grace, ends = meta.get("deletionGracePeriodSeconds"), meta.get("deletionTimestamp")
    if type(grace) is not int or not isinstance(ends, str):
        return None
    try:
        left = (datetime.fromisoformat(ends) - now).total_seconds()
    except (ValueError, TypeError, OverflowError):  # not a time, or one without a time zone
        return None
    return max(0, min(grace, round(left)))
