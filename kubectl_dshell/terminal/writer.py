"""Writes without blocking the caller: a thread and a bounded queue for each output descriptor."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from kubectl_dshell.streaming.write import write_all

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 1024 * 1024
"""Queued bytes at which a writer is full."""
_PIECE = 128 * 1024


class OutputClosed(Exception):
    """The reader of the output has closed it; the program exits silently, as by SIGPIPE (exit code 141)."""


class FdWriter:
    """Does not use O_NONBLOCK: that flag belongs to the open file, which other processes share."""

    def __init__(self, fd: int, name: str, on_progress: Callable[[], None]) -> None:
        """`name` is for messages; `on_progress` is called in the thread when all is written, or a write has failed."""
        self.name = name
        self.failure: OSError | None = None
        self._fd = fd
        self._on_progress = on_progress
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._over = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=f"writer of {name}", daemon=True)

    @property
    def full(self) -> bool:
        return self._size >= LIMIT

    @property
    def drained(self) -> bool:
        return not self._size

    def write(self, data: bytes) -> None:
        """Queue `data`; the caller checks `full`. After a failure it is discarded."""
        if not data:
            return
        with self._changed:
            if not self._over:
                self._pieces.append(data)
                self._size += len(data)
                self._changed.notify()
        if self._thread.ident is None:
            self._thread.start()

    def abandon(self, seconds: float = 0.1) -> bool:
        """Discard the queue, and wait briefly for the piece being written; whether it was written."""
        with self._changed:
            self._end()
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def _end(self) -> None:
        self._over = True
        self._pieces.clear()
        self._size = 0
        self._changed.notify()

    def _run(self) -> None:
        while piece := self._next_piece():
            try:
                self._write_all(piece)
            except OSError as error:
                with self._changed:
                    self.failure = error
                    self._end()
                self._on_progress()
                return
            with self._changed:
                self._size = max(0, self._size - len(piece))
                drained = self.drained
            if drained:
                self._on_progress()

    def _next_piece(self) -> bytes:
        """Several small pieces as one; b"" after the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._pieces or self._over)
            taken: list[bytes] = []
            length = 0
            while self._pieces and length < _PIECE:
                taken.append(self._pieces.popleft())
                length += len(taken[-1])
        return taken[0] if len(taken) == 1 else b"".join(taken)

    def _write_all(self, data: bytes) -> None:
        view = memoryview(data)
        for start in range(0, len(view), _PIECE):  # a blocking write returns only when all of it is written
            write_all(self._fd, view[start : start + _PIECE], lambda: self._over)
