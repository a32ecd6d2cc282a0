"""A pod that is being stopped, and how long there is still something to look at in it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from kubectl_dshell.domain.text.bounds import one_line

if TYPE_CHECKING:
    from kubectl_dshell.domain.pod.pod import Json


def describe(name: str, pod: Json, now: datetime) -> str:
    """For the person in a session, from the pod's metadata.

    A pod that its node stops (an eviction, a shutdown) has no time of deletion.
    """
    meta = pod.get("metadata")
    left = seconds_left(meta, now) if isinstance(meta, dict) else None
    if left is not None:
        return f"pod {one_line(name)} is being deleted: about {left} s left, less if the app exits sooner"
    return f"pod {one_line(name)} is being stopped: this session ends with the app"


def seconds_left(meta: Json, now: datetime) -> int | None:
    """Until the node kills what has not ended by itself; None if the pod is not being deleted, or does not say.

    `deletionTimestamp` is when the grace period ends, by the server's clock: ours may be another, so it is held
    against `deletionGracePeriodSeconds`, which is all of it.
    """
    grace, ends = meta.get("deletionGracePeriodSeconds"), meta.get("deletionTimestamp")
    if type(grace) is not int or not isinstance(ends, str):
        return None
    try:
        left = (datetime.fromisoformat(ends) - now).total_seconds()
    except (ValueError, TypeError, OverflowError):  # no time, or one of no zone
        return None
    return max(0, min(grace, round(left)))
