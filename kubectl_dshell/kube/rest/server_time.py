"""The time at the API server, whose clock set the start times of containers."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

AGREED = timedelta(seconds=5)
"""Smaller differences are ignored: a Date header has whole seconds and takes a moment to arrive."""
_CREDIBLE = timedelta(days=3650)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


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
        offset = self.offset() or timedelta()
        return ours + offset if AGREED < abs(offset) < _CREDIBLE else ours

    def offset(self) -> timedelta | None:
        """How far the server's clock is ahead of ours; None if it has not sent the time."""
        try:
            theirs = _parsed(self._date)
        except ValueError:  # a server may send anything
            return None
        return theirs - datetime.fromtimestamp(self._heard_at, UTC)


def _parsed(date: str) -> datetime:
    """A date as HTTP servers write it (RFC 9110, 5.6.7): Thu, 26 Nov 2026 10:00:00 GMT."""
    _, day, month, year, clock, zone = date.split(" ")
    if zone != "GMT":
        raise ValueError(zone)
    return datetime.fromisoformat(f"{year}-{_MONTHS.index(month) + 1:02}-{day}T{clock}+00:00")
