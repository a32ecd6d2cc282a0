"""The time at the API server, whose clock set the start times of containers."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

AGREED = timedelta(seconds=5)
"""Smaller differences are ignored: a Date header has whole seconds and takes a moment to arrive."""
_CREDIBLE = timedelta(days=3650)


class ServerTime:
    """The local clock, corrected by the Date header of the last response."""

    def __init__(self) -> None:
        """Until the first response: the local clock."""
        self._date = ""
        self._heard_at = 0.0

    def note(self, date: str) -> None:
        """Remember the Date header of a response; it is parsed only when needed."""
        if date:
            self._date, self._heard_at = date, time.time()

    def now(self) -> datetime:
        """The current time in UTC."""
        ours = datetime.now(UTC)
        offset = self._offset()
        return ours + offset if AGREED < abs(offset) < _CREDIBLE else ours

    def _offset(self) -> timedelta:
        try:
            theirs = parsedate_to_datetime(self._date).astimezone(UTC)
        except (TypeError, ValueError, OverflowError, IndexError):  # a server may send anything
            return timedelta()
        return theirs - datetime.fromtimestamp(self._heard_at, UTC)
