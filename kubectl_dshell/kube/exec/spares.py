"""Open connections that carry no request, for the first exec: one saves it a TCP and a TLS handshake."""

from __future__ import annotations

import ssl
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import socket

    from kubectl_dshell.kube.connection.connection import Connection

FRESH_SECONDS = 30.0
"""Servers and proxies close idle connections after a minute or more, some without notice."""


class _Spare(NamedTuple):
    sock: socket.socket
    certificates: int
    since: float


_COMING_SECONDS = 0.1
"""How long to wait for one that is still in use: the first two requests of a command are usually answered together."""


class Spares:
    """The spare connections of one command; thread-safe. Once the first exec is being opened, no more are kept."""

    def __init__(self, connection: Connection) -> None:
        """`connection`: what they connect to."""
        self._connection = connection
        self._changed = threading.Condition()
        self._spares: list[_Spare] = []
        self._coming = 0
        self._late = False

    def expect(self) -> None:
        """One may come, until `settle` is called."""
        with self._changed:
            self._coming += 1

    def settle(self) -> None:
        """The one that was expected has come, or does not come."""
        with self._changed:
            self._coming -= 1
            self._changed.notify_all()

    def keep(self, sock: socket.socket, certificates: int) -> None:
        """Keep it, or close it if it comes too late. `certificates`: as of the connection before it was dialed."""
        with self._changed:
            if self._late:
                sock.close()
            else:
                self._spares.append(_Spare(sock, certificates, time.monotonic()))

    def take(self) -> socket.socket | None:
        """One that can be used, if there is any or one comes soon; from now on it is the caller's."""
        with self._changed:
            self._changed.wait_for(lambda: self._late or self._spares or not self._coming, _COMING_SECONDS)
            self._late = True
            while self._spares:
                spare = self._spares.pop()
                if self._is_usable(spare):
                    return spare.sock
                spare.sock.close()
        return None

    def close(self) -> None:
        """Close those that are left, and those that come later."""
        with self._changed:
            self._late = True
        while (spare := self.take()) is not None:
            spare.close()

    def _is_usable(self, spare: _Spare) -> bool:
        """Authenticated with the current certificate, idle for a short time, and not closed by the server so far."""
        current = spare.certificates == self._connection.certificates
        return current and time.monotonic() - spare.since < FRESH_SECONDS and not _has_news(spare.sock)


def _has_news(sock: socket.socket) -> bool:
    """Whether there is anything to read: without a request that is the end. A TLS session ticket does not count."""
    sock.settimeout(0)
    try:
        sock.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        pass
    return True
