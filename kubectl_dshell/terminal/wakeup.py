"""A descriptor that becomes readable when rung: wakes a `poll` from another thread or a signal."""

from __future__ import annotations

import contextlib
import os


class WakeupPipe:
    def __init__(self) -> None:
        self._hears, self._rings = os.pipe()
        os.set_blocking(self._hears, False)
        os.set_blocking(self._rings, False)

    def fileno(self) -> int:
        return self._hears

    @property
    def waking_fd(self) -> int:
        """For `signal.set_wakeup_fd`."""
        return self._rings

    def wake(self) -> None:
        """From any thread; a full pipe is loud enough, a closed one means nobody listens any more."""
        with contextlib.suppress(OSError):
            os.write(self._rings, b"\0")

    def clear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while os.read(self._hears, 4096):
                pass

    def close(self) -> None:
        os.close(self._hears)
        os.close(self._rings)
