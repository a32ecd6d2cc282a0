"""Connects a stream beside whoever needs it, who goes on meanwhile."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from kubectl_dshell.errors import DshellError, shortage
from kubectl_dshell.streaming.wakeup import Wakeup

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_dshell.domain.stream import Stream


class Connector:
    """One attempt at a time, each in a thread of its own; everything else is the caller's thread."""

    def __init__(self, connect: Callable[[], Stream]) -> None:
        self.busy = False
        """Whether an attempt was begun whose outcome was not taken yet."""
        self._connect = connect
        self._wakeup = Wakeup()
        self._arrived: Stream | None = None
        self._failure: Exception | None = None
        self._closed = False

    def fileno(self) -> int:
        """Readable when there is something to take."""
        return self._wakeup.fileno()

    def begin(self) -> None:
        self.busy = True
        try:
            threading.Thread(target=self._run, name="tether", daemon=True).start()
        except RuntimeError as error:  # an attempt that failed, as any other
            self._failure = error
            self._wakeup.wake()

    def take(self) -> Stream | DshellError | None:
        """The stream, or why there is none; None as long as nothing is known. Raises what is a bug."""
        self._wakeup.clear()  # before looking: what arrives later wakes again
        arrived, failure = self._arrived, self._failure
        if arrived is None and failure is None:
            return None
        self._arrived, self._failure, self.busy = None, None, False
        if failure is None or isinstance(failure, DshellError):
            return arrived or failure
        short = shortage(failure)
        if short is None:
            raise failure
        return short

    def close(self) -> None:
        self._closed = True
        if self._arrived is not None:
            self._arrived.close()
        self._arrived = None
        self._wakeup.close()

    def _run(self) -> None:
        try:
            self._arrived = self._connect()
        except Exception as error:  # noqa: BLE001  # whoever takes it gets it
            self._failure = error
        if self._closed:  # meanwhile: nobody waits for it any more
            self.close()
        else:
            self._wakeup.wake()
