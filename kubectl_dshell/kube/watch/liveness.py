"""Detection of watches that do not deliver: buffering proxies hold back events or half a line. Pure."""

from __future__ import annotations

DEAF_SECONDS = 1.75
"""Silence after which the pod is read directly; a successful start is reported sooner."""
_LONGEST = 14.0
_MOST_PAUSES = 3


class Delivery:
    """What the watches of all pods have shown about what is between them and the server."""

    proven = False
    """Whether a watch has delivered, and none has missed anything since."""


class WatchLiveness:
    """The watches of a pod; all times are monotonic seconds."""

    def __init__(self, version: str, now: float, delivery: Delivery | None = None) -> None:
        """Before the first watch; the pod was last seen at `version`."""
        self._delivery = delivery or Delivery()
        self.version = version
        self.vain = False
        """Whether the current watch has delivered nothing so far."""
        self._in_vain = 0
        self._deaf = True
        self._wait = DEAF_SECONDS
        self._look_at = now + DEAF_SECONDS

    def begin(self, now: float) -> None:
        """Record the start of a watch."""
        self.vain, self._deaf = True, not self._delivery.proven
        self._in_vain += 1
        self._wait = DEAF_SECONDS
        self._look_at = now + self._wait

    def heard(self, version: str, now: float) -> None:
        """Record an event."""
        self.version = version
        self.vain = self._deaf = False
        self._delivery.proven = True
        self._in_vain = 0
        self._wait = DEAF_SECONDS
        self._look_at = now + self._wait

    @property
    def pauses(self) -> int:
        """Number of pauses before the next watch, so that a proxy which ends each immediately is not flooded."""
        return max(1, min(self._in_vain, _MOST_PAUSES))

    def may_be_deaf(self, now: float) -> bool:
        """Whether it is time to read the pod directly."""
        return now >= self._look_at

    def looked(self, version: str, now: float) -> bool:
        """Whether the watch missed a change. Where watches have delivered, they are verified less and less often."""
        missed = version != self.version
        self.version = version
        self._deaf = self._deaf or missed
        if missed:
            self._delivery.proven = False
        self._wait = DEAF_SECONDS if self._deaf else min(2 * self._wait, _LONGEST)
        self._look_at = now + self._wait
        return missed
