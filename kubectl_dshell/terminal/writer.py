"""Writes without blocking the caller: a thread and a bounded queue for each output descriptor."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from kubectl_dshell.streaming.write import write_pieces

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 1024 * 1024
"""Queued bytes at which a writer is full."""
_PIECE = 128 * 1024
"""Bytes written at a time: a blocking write returns only when all of it is written."""
_MOST_PIECES = 256


class OutputClosed(Exception):
    """The reader of the output has closed it; the program exits silently, as by SIGPIPE (exit code 141)."""


class FdWriter:
    """Does not use O_NONBLOCK: that flag belongs to the open file, which other processes share."""

    def __init__(self, fd: int, name: str, on_progress: Callable[[], None]) -> None:
        """`name` is for messages.

        `on_progress` is called in the thread when it is no longer `full`, when a write has failed, and when everything
        is written if `drained` was asked for: a call for each piece would cost a turn of the caller's loop.
        """
        self.name = name
        self.failure: OSError | None = None
        self._fd = fd
        self._on_progress = on_progress
        self._pieces: deque[memoryview] = deque()
        self._size = 0
        self._over = False
        self._awaited = False
        self._held_back = False  # it was full, and the caller waits for room
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=f"writer of {name}", daemon=True)

    @property
    def full(self) -> bool:
        return self._size >= LIMIT

    @property
    def drained(self) -> bool:
        """Whether everything is written."""
        self._awaited = True  # before the look at the size, which the thread changes before it looks at this
        return not self._size

    def write(self, data: bytes) -> None:
        """Queue `data`; the caller checks `full`. After a failure it is discarded."""
        if not data:
            return
        with self._changed:
            if not self._over:
                view = memoryview(data)
                self._pieces.extend(view[start : start + _PIECE] for start in range(0, len(view), _PIECE))
                self._size += len(data)
                self._held_back |= self.full
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
        while pieces := self._next_pieces():
            try:
                write_pieces(self._fd, pieces, lambda: self._over)
            except OSError as error:
                with self._changed:
                    self.failure = error
                    self._end()
                self._on_progress()
                return
            with self._changed:
                self._size = max(0, self._size - sum(map(len, pieces)))
                has_room = self._held_back and self._size <= LIMIT // 2
                if has_room:
                    self._held_back = False
            if has_room or (self._awaited and not self._size):
                self._on_progress()

    def _next_pieces(self) -> list[memoryview]:
        """What to write next; nothing after the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._pieces or self._over)
            taken: list[memoryview] = []
            length = 0
            while self._pieces and length + len(self._pieces[0]) <= _PIECE and len(taken) < _MOST_PIECES:
                taken.append(self._pieces.popleft())
                length += len(taken[-1])
        return taken
