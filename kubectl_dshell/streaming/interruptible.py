"""Waiting in the main thread without missing a signal.

CPython looks for signals before it waits for a lock, and again when the wait is interrupted. One that arrives in
between, while the thread hands over the interpreter lock, is noticed at the end of the wait: never, if the wait has
none. So whatever may take long is waited for in slices.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading

SLICE_SECONDS = 0.25


def wait(event: threading.Event, seconds: float | None = None) -> bool:
    """Whether it is set within `seconds` (None: for ever)."""
    if seconds is None:
        while not event.wait(SLICE_SECONDS):
            pass
        return True
    deadline = time.monotonic() + seconds
    while not event.wait(max(0.0, min(SLICE_SECONDS, deadline - time.monotonic()))):
        if time.monotonic() >= deadline:
            return False
    return True


def join(thread: threading.Thread) -> None:
    """Wait for its end."""
    while thread.is_alive():
        thread.join(SLICE_SECONDS)
