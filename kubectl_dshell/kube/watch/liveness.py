"""Whether a watch is believed: proxies that buffer pass on none of it, or half a line. Pure: time is passed in."""

from __future__ import annotations

DEAF_SECONDS = 1.75
"""Silence after which one looks for oneself: a start that goes well is told sooner."""
_LONGEST = 14.0
_MOST_PAUSES = 3


class WatchLiveness:
    """One pod's watches; all times are monotonic seconds."""

    def __init__(self, version: str, now: float) -> None:
        """Nothing has been watched yet; the pod was seen in its `version`."""
        self.version = version
        self.vain = False
        """The watch, up to now, has told nothing."""
        self._in_vain = 0
        self._deaf = True
        self._wait = DEAF_SECONDS
        self._look_at = now + DEAF_SECONDS

    def begin(self, now: float) -> None:
        """A watch begins."""
        self.vain, self._deaf = True, True
        self._in_vain += 1
        self._wait = DEAF_SECONDS
        self._look_at = now + self._wait

    def heard(self, version: str, now: float) -> None:
        """It told something."""
        self.version = version
        self.vain = self._deaf = False
        self._in_vain = 0
        self._wait = DEAF_SECONDS
        self._look_at = now + self._wait

    @property
    def pauses(self) -> int:
        """How many pauses to make before the next watch: a proxy that ends each at once is not asked all the time."""
        return max(1, min(self._in_vain, _MOST_PAUSES))

    def may_be_deaf(self, now: float) -> bool:
        """Whether it is time to look for oneself."""
        return now >= self._look_at

    def looked(self, version: str, now: float) -> bool:
        """Whether something had happened. A watch that has told something before is looked after less and less."""
        missed = version != self.version
        self.version = version
        self._deaf = self._deaf or missed
        self._wait = DEAF_SECONDS if self._deaf else min(2 * self._wait, _LONGEST)
        self._look_at = now + self._wait
        return missed
