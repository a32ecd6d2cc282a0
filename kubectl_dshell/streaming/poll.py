"""Waits for several descriptors at once, until a deadline."""

from __future__ import annotations

import math
import select


def mask(*, read: bool, write: bool) -> int:
    """The events to register for."""
    return (select.POLLIN if read else 0) | (select.POLLOUT if write else 0)


def poll_until(poller: select.poll, due: float, now: float) -> dict[int, int]:
    """The descriptors that are ready, with their events; empty if none is by `due` (inf: wait forever)."""
    if math.isinf(due) and due > 0:
        return dict(poller.poll())
    return dict(poller.poll(math.ceil(max(0.0, due - now) * 1000)))
