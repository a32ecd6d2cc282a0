"""Tracks which of a session's messages have reached the holder, which echoes each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_dshell.commands.ports import Clock


class Echoes:
    """For one session, across connections. All times include those asleep."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._words = self._echoes = 0
        self._began = self._said = self._heard = clock.elapsed()

    @property
    def since_begin(self) -> float:
        """Seconds since the session began: its own clock, sent with each beat."""
        return self._clock.elapsed() - self._began

    @property
    def unheard(self) -> float:
        """Seconds since the last message known to have reached the holder."""
        return self._clock.elapsed() - self._heard

    @property
    def all_heard(self) -> bool:
        """Whether every message of this connection was echoed; true if none was sent."""
        return self._echoes >= self._words

    def said(self) -> None:
        """A message was sent."""
        self._words += 1
        self._said = self._clock.elapsed()

    def came(self) -> None:
        """An echo arrived. Only the echo of the last message reveals when the echoed message was sent."""
        self._echoes += 1
        if self._echoes == self._words:
            self._heard = self._said

    def forget(self) -> None:
        """The connection is lost, and with it the outstanding echoes."""
        self._words = self._echoes = 0
