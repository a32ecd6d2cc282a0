"""A file descriptor that becomes readable on demand: wakes a `poll` from another thread or from a signal."""

from __future__ import annotations

import contextlib
import os
import threading


class Wakeup:
    """`wake` may be called from any thread, and does nothing after `close`."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        self._lock = threading.Lock()  # a late `wake` must not write to a file that has reused the descriptor
        self._closed = False

    def fileno(self) -> int:
        """Readable from `wake` until `clear`; -1 once closed."""
        return -1 if self._closed else self._reader

    @property
    def signal_fd(self) -> int:
        """For `signal.set_wakeup_fd`."""
        return self._writer

    def wake(self) -> None:
        with self._lock, contextlib.suppress(BlockingIOError):  # a full pipe is readable anyway
            if not self._closed:
                os.write(self._writer, b"\0")

    def clear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while os.read(self._reader, 4096):
                pass

    def close(self) -> None:
        with self._lock:
            if not self._closed:
                self._closed = True
                os.close(self._reader)
                os.close(self._writer)
