"""Pings, and the detection of a dead peer by its silence. Pure: time is passed in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_dshell.kube.connection.connection import LastHeard

# Bytes that the pipes and TCP windows always absorb, even if the command does not read. Below this, or once a later
# ping was answered, the server cannot be blocked on our data, so its silence counts.
_ALWAYS_TAKEN = 64 * 1024


class Keepalive:
    """The keepalive of a stream; all times are monotonic seconds.

    What is received proves as much as the answer to a ping, so only a quiet stream is pinged. A tether, whose beats
    are echoed every 15 s, never is. As long as another stream hears the server, a quiet one asks half as often.
    """

    INTERVAL = 15.0
    """Between pings that are not answered, and before the first."""
    QUIET = 17.0
    """From the last sound to a ping: the echo of a beat may take 2 s."""
    LONGEST_QUIET = 30.0
    """The same, while another stream is heard."""
    PATIENCE = 30.0
    ANSWER = 13.0
    """For the answer to a ping: silence that nobody asked about proves nothing."""

    def __init__(self, now: float, others: LastHeard | None = None) -> None:
        """`now` is the time of the handshake; `others`: what all streams to the same server have heard."""
        self._others = others
        self._since = now
        self._called = now
        self._next_ping = now + self.INTERVAL
        self._asked: float | None = None
        """When the first ping since the last sound was due."""
        self._heard = False
        self._sent = 0
        self._number = 0
        self._sent_at_ping = 0
        self._unproven = 0

    def heard(self) -> None:
        """Record that data arrived, of any kind."""
        self._heard = True

    def sent(self, count: int) -> None:
        """Record that `count` bytes of stdin were queued."""
        self._sent += count

    def answered(self, payload: bytes) -> None:
        """Record a pong: everything sent before its ping has been consumed."""
        if payload == self._payload():
            self._unproven = self._sent_at_ping

    def excuse(self, now: float) -> None:
        """Disregard silence until `now`: the caller was deliberately not reading."""
        self._since, self._asked = now, None

    def due(self, now: float) -> bytes | None:
        """A ping's payload if one is due.

        Raises:
            PeerSilent: nothing was received for PATIENCE while the caller was reading.
        """
        stopped = now - self._called > self.INTERVAL + self.PATIENCE / 2
        self._called = now
        if self._heard:
            self._note_sound(now)
        if self._heard or stopped or self._may_be_stuck():
            self.excuse(now)
        self._heard = False
        if now >= self._end():
            raise PeerSilent
        due = self._due()
        if now < due and not stopped:
            return None
        if self._asked is None:
            self._asked = min(due, now)
        self._next_ping = now + self.INTERVAL
        self._number += 1
        self._sent_at_ping = self._sent
        return self._payload()

    def next(self, now: float) -> float:
        """The time at which to call `due` next."""
        return max(now, min(self._due(), self._end()))

    def _note_sound(self, now: float) -> None:
        if self._others is not None:
            self._others.at = now
        # Input that may be stuck is asked about while there are answers, so that silence counts later.
        if not self._may_be_stuck():
            self._next_ping = now + self.QUIET

    def _due(self) -> float:
        """The time of the next ping."""
        others = -math.inf if self._others is None else self._others.at
        if others <= self._since or self._asked is not None or self._may_be_stuck():
            return self._next_ping
        return max(self._next_ping, min(self._since + self.LONGEST_QUIET, others + self.QUIET))

    def _end(self) -> float:
        """When silence is enough."""
        return math.inf if self._asked is None else max(self._since + self.PATIENCE, self._asked + self.ANSWER)

    def _may_be_stuck(self) -> bool:
        """Whether a command that does not read stdin may keep the server from reading pings."""
        return self._sent > _ALWAYS_TAKEN and self._sent > self._unproven

    def _payload(self) -> bytes:
        return self._number.to_bytes(4, "big")


class PeerSilent(Exception):  # an event, not an error
    """Nothing was received for too long."""
