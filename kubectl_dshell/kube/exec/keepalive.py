"""When to ping, and when silence means that the peer is gone. Pure: time is passed in."""

from __future__ import annotations

# What pipes and windows between us and a command that does not read are sure to take: below it, and once a
# ping behind it was answered, the server cannot be stuck on our bytes, so its silence counts.
_ALWAYS_TAKEN = 64 * 1024


class Keepalive:
    """One stream's pulse; all times are monotonic seconds."""

    INTERVAL = 15.0
    PATIENCE = 30.0

    def __init__(self, now: float) -> None:
        """The stream is fresh: its handshake was heard at `now`."""
        self._since = now
        self._called = now
        self._next_ping = now + self.INTERVAL
        self._heard = False
        self._sent = 0
        self._number = 0
        self._sent_at_ping = 0
        self._unproven = 0

    def heard(self) -> None:
        """Something arrived, whatever it was."""
        self._heard = True

    def sent(self, count: int) -> None:
        """`count` bytes of stdin were queued."""
        self._sent += count

    def answered(self, payload: bytes) -> None:
        """A pong came: everything before its ping was taken."""
        if payload == self._payload():
            self._unproven = self._sent_at_ping

    def excuse(self, now: float) -> None:
        """We do not listen: silence until `now` is our own doing."""
        self._since = now

    def due(self, now: float) -> bytes | None:
        """A ping's payload if one is due.

        Raises:
            PeerSilent: nothing was heard for PATIENCE although somebody listened.
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
        """When to ask again."""
        return max(now, min(self._next_ping, self._since + self.PATIENCE))

    def _may_be_stuck(self) -> bool:
        """A command that does not read its stdin stops the server from reading our pings."""
        return self._sent > _ALWAYS_TAKEN and self._sent > self._unproven

    def _payload(self) -> bytes:
        return self._number.to_bytes(4, "big")


class PeerSilent(Exception):  # it is what happened
    """Nothing was heard for too long."""
