"""What time it is at the API server, whose clock wrote when a pod's containers started."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

AGREED = timedelta(seconds=5)
"""Clocks that differ by less are one: a Date header has whole seconds, and was under way for a while."""
_CREDIBLE = timedelta(days=3650)


class ServerTime:
    """Our clock, set by the Date header of the last answer."""

    def __init__(self) -> None:
        """Nothing was heard yet: our own clock."""
        self._date = ""
        self._heard_at = 0.0

    def note(self, date: str) -> None:
        """An answer came with this Date header; it costs nothing before somebody asks."""
        if date:
            self._date, self._heard_at = date, time.time()

    def now(self) -> datetime:
        """UTC."""
        ours = datetime.now(UTC)
        offset = self._offset()
        return ours + offset if AGREED < abs(offset) < _CREDIBLE else ours

    def _offset(self) -> timedelta:
        try:
            theirs = parsedate_to_datetime(self._date).astimezone(UTC)
        except (TypeError, ValueError, OverflowError, IndexError):  # a server may write anything
            return timedelta()
        return theirs - datetime.fromtimestamp(self._heard_at, UTC)
