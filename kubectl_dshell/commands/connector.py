"""Connects a stream beside whoever needs it, who goes on meanwhile."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

from kubectl_dshell.errors import DshellError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_dshell.domain.stream import Stream


class Connector:
    """One attempt at a time, each in a thread of its own; everything else is the caller's thread."""

    def __init__(self, connect: Callable[[], Stream]) -> None:
        self.busy = False
        """Whether an attempt was begun whose outcome was not taken yet."""
        self._connect = connect
        self._woken, self._waker = socket.socketpair()
        self._arrived: Stream | DshellError | None = None
        self._closed = False

    def fileno(self) -> int:
        """Readable when there is something to take."""
        return self._woken.fileno()

    def begin(self) -> None:
        self.busy = True
        threading.Thread(target=self._run, name="tether", daemon=True).start()

    def take(self) -> Stream | DshellError | None:
        """The stream, or why there is none; None as long as nothing is known."""
        arrived = self._arrived
        if arrived is not None:
            self._woken.recv(1)  # sent right after what arrived was set
            self._arrived, self.busy = None, False
        return arrived

    def close(self) -> None:
        self._closed = True
        if self._arrived is not None and not isinstance(self._arrived, DshellError):
            self._arrived.close()
        self._arrived = None
        self._woken.close()
        self._waker.close()

    def _run(self) -> None:
        try:
            self._arrived = self._connect()
        except DshellError as error:
            self._arrived = error
        if self._closed:  # meanwhile: nobody waits for it any more
            self.close()
        else:
            with contextlib.suppress(OSError):
                self._waker.send(b"!")
