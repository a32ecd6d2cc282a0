"""TLS within the TLS of an https proxy: a thread handles the outer layer, so that callers see a plain socket."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading

_PIECE = 64 * 1024
_LIMIT = 256 * 1024
_LATER = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


def wrap_inner_plain(outer: ssl.SSLSocket) -> socket.socket:
    """A plain socket connected to `outer`, which belongs to a pump thread from now on.

    When either is closed the other is closed too, after pending data has been delivered.
    """
    near, far = socket.socketpair()
    for end in (outer, far):
        end.settimeout(0)
    threading.Thread(target=_pump, args=(outer, far), name="proxy", daemon=True).start()
    return near


def _pump(outer: ssl.SSLSocket, far: socket.socket) -> None:
    with contextlib.suppress(OSError), outer, far:
        up, down = _Way(far, outer), _Way(outer, far)
        while not (up.over or down.over):
            poll = select.poll()
            for own, other in ((up, down), (down, up)):
                poll.register(own.source, (select.POLLIN if own.reads else 0) | (select.POLLOUT if other.held else 0))
            # Poll does not see data that the outer TLS has already decrypted; its own writes are few and short.
            poll.poll(0 if down.reads and outer.pending() else 1000)
            up.move()
            down.move()


class _Way:
    """A pipe in one direction."""

    def __init__(self, source: socket.socket, target: socket.socket) -> None:
        self.source, self._target = source, target
        self.held = b""
        self._ended = False

    @property
    def reads(self) -> bool:
        return not self._ended and len(self.held) < _LIMIT

    @property
    def over(self) -> bool:
        return self._ended and not self.held

    def move(self) -> None:
        if self.reads:
            with contextlib.suppress(*_LATER):
                data = self.source.recv(_PIECE)
                self._ended = not data
                self.held += data
        if self.held:
            with contextlib.suppress(*_LATER):
                self.held = self.held[self._target.send(self.held) :]
