"""Turns signals into one exception, which is never raised in the middle of an operation that must complete."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from kubectl_dshell.errors import Interrupted
from kubectl_dshell.streaming.wakeup import Wakeup

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_PATIENCE_SECONDS = 3.0
"""Several signals in quick succession (a terminal that closes, an impatient Ctrl-C) count as one: they must not
interrupt the clean-up that the first one has started."""

_SHORT_SECONDS = 2.0


class Signals:
    """Turns SIGINT, SIGTERM, SIGHUP and SIGQUIT into `Interrupted`; remembers SIGWINCH and SIGCONT. Main thread only.

    A signal that was ignored when the program started (nohup, a background job of a script) stays ignored.
    """

    def __init__(self, patience_seconds: float = _PATIENCE_SECONDS) -> None:
        """Signals within `patience_seconds` of the first count as the same one."""
        self._patience_seconds = patience_seconds
        self._holds = 0
        self._recorded: int | None = None
        self._raised_at: float | None = None
        self._stopped = threading.Event()
        self._stopped_by: int = signal.SIGINT
        self._resized = False
        self._continued = False
        self._previous: dict[signal.Signals, signal._HANDLER] = {}
        self._previous_wakeup_fd = -1
        self._wakeup = Wakeup()

    def __enter__(self) -> Self:
        # The wakeup descriptor is needed although PEP 475 retries: a poll that is retried does not return.
        self._previous_wakeup_fd = signal.set_wakeup_fd(self._wakeup.signal_fd, warn_on_full_buffer=False)
        for number in _STOPPING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._previous[number] = signal.signal(number, self._on_stop)
        for number in (signal.SIGWINCH, signal.SIGCONT):
            self._previous[number] = signal.signal(number, self._on_change)
        return self

    def __exit__(self, *_: object) -> None:
        with self.held():
            for number, handler in self._previous.items():
                # None: it was not installed from Python and cannot be restored.
                signal.signal(number, signal.SIG_DFL if handler is None else handler)
            signal.set_wakeup_fd(self._previous_wakeup_fd)
            self._wakeup.close()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Inside, signals are only recorded and `fileno` becomes readable; leaving raises the recorded one.

        Once `Interrupted` was raised, later signals inside are ignored: clean-up has its own deadline.
        """
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
            if not self._holds:
                self.check()

    def pause(self, seconds: float) -> None:
        """Sleep; a long sleep ends at a signal, even in a worker thread, which receives none itself.

        Raises:
            Interrupted: a signal arrived before or meanwhile. Clean-up in the main thread may still pause.
        """
        if threading.current_thread() is threading.main_thread() or seconds <= _SHORT_SECONDS:
            time.sleep(seconds)
        elif self._stopped.wait(seconds):
            raise Interrupted(self._stopped_by)

    def fileno(self) -> int:
        """Readable once a signal has arrived since `clear`."""
        return self._wakeup.fileno()

    def clear(self) -> None:
        self._wakeup.clear()

    def check(self) -> None:
        """Raise the `Interrupted` that was recorded, if any."""
        if self._recorded is not None:
            number, self._recorded = self._recorded, None
            self._raise(number)

    def take_resized(self) -> bool:
        """Whether SIGWINCH has arrived since the last call."""
        taken, self._resized = self._resized, False
        return taken

    def take_continued(self) -> bool:
        """Whether SIGCONT has arrived since the last call."""
        taken, self._continued = self._continued, False
        return taken

    def _on_stop(self, number: int, _frame: FrameType | None) -> None:
        if self._holds:
            if self._recorded is None and self._raised_at is None:
                self._recorded = number
        elif self._raised_at is None or time.monotonic() - self._raised_at > self._patience_seconds:
            self._raise(number)

    def _raise(self, number: int) -> None:
        self._raised_at = time.monotonic()
        self._stopped_by = number
        self._stopped.set()
        raise Interrupted(number)

    def _on_change(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGWINCH:
            self._resized = True
        else:
            self._continued = True
