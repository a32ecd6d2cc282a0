"""Which of a session's words are known to have reached the holder: it echoes each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_dshell.commands.ports import Clock


class Echoes:
    """Of one session, over one connection after the other. All times count those asleep."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._words = self._echoes = 0
        self._began = self._said = self._heard = clock.elapsed()

    @property
    def since_begin(self) -> float:
        """Seconds of the session: its own clock, which goes with each beat."""
        return self._clock.elapsed() - self._began

    @property
    def unheard(self) -> float:
        """For how many seconds no word is known to have reached the holder."""
        return self._clock.elapsed() - self._heard

    @property
    def all_heard(self) -> bool:
        """Every word of this connection has; also if there was none."""
        return self._echoes >= self._words

    @property
    def is_known(self) -> bool:
        """The holder has heard of the session, and of all that was said."""
        return self._words > 0 and self.all_heard

    def said(self) -> None:
        """A word is on its way."""
        self._words += 1
        self._said = self._clock.elapsed()

    def came(self) -> None:
        """An echo. Only the last word's tells when what it answers was said."""
        self._echoes += 1
        if self._echoes == self._words:
            self._heard = self._said

    def forget(self) -> None:
        """The connection is lost, and with it what it owes."""
        self._words = self._echoes = 0
