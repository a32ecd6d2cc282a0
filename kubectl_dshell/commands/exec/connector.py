"""Connects a stream in the background."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from kubectl_dshell.errors import DshellError, shortage
from kubectl_dshell.streaming.wakeup import Wakeup

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_dshell.domain.stream import Stream


class Connector:
    """One attempt at a time, each in a thread of its own; everything else runs in the caller's thread."""

    def __init__(self, connect: Callable[[], Stream]) -> None:
        self.busy = False
        """Whether an attempt has been started and its outcome not been taken yet."""
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
        except RuntimeError as error:  # a failed attempt like any other
            self._failure = error
            self._wakeup.wake()

    def take(self) -> Stream | DshellError | None:
        """The stream, or the error; None while the attempt is running. Raises errors that are bugs."""
        self._wakeup.clear()  # before the check: a later arrival wakes it again
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
        except Exception as error:  # noqa: BLE001  # handed to the caller of `take`
            self._failure = error
        if self._closed:  # in the meantime: nobody waits for it any more
            self.close()
        else:
            self._wakeup.wake()
