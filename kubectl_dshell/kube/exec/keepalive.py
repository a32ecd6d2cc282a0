"""Pings, and the detection of a dead peer by its silence. Pure: time is passed in."""

from __future__ import annotations

# Bytes that the pipes and TCP windows always absorb, even if the command does not read. Below this, or once a later
# ping was answered, the server cannot be blocked on our data, so its silence counts.
_ALWAYS_TAKEN = 64 * 1024


class Keepalive:
    """The keepalive of a stream; all times are monotonic seconds."""

    INTERVAL = 15.0
    PATIENCE = 30.0

    def __init__(self, now: float) -> None:
        """`now` is the time of the handshake."""
        self._since = now
        self._called = now
        self._next_ping = now + self.INTERVAL
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
        self._since = now

    def due(self, now: float) -> bytes | None:
        """A ping's payload if one is due.

        Raises:
            PeerSilent: nothing was received for PATIENCE while the caller was reading.
        """
        stopped = now - self._called > self.INTERVAL + self.PATIENCE / 2
        self._called = now
        if self._heard or stopped or self._may_be_stuck():
            self._since = now
        self._heard = False
        if now - self._since >= self.PATIENCE:
            raise PeerSilent
        if now < self._next_ping and not stopped:
            return None
        self._next_ping = now + self.INTERVAL
        self._number += 1
        self._sent_at_ping = self._sent
        return self._payload()

    def next(self, now: float) -> float:
        """The time of the next call of `due`."""
        return max(now, min(self._next_ping, self._since + self.PATIENCE))

    def _may_be_stuck(self) -> bool:
        """Whether a command that does not read stdin may keep the server from reading pings."""
        return self._sent > _ALWAYS_TAKEN and self._sent > self._unproven

    def _payload(self) -> bytes:
        return self._number.to_bytes(4, "big")


class PeerSilent(Exception):  # an event, not an error
    """Nothing was received for too long."""
