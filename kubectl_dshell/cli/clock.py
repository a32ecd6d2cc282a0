"""This machine's clocks, and how patient the user's environment asks us to be."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from kubectl_dshell.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

MOST_PATIENT = 12  # the first wait is then almost the lease


def patience(environ: Mapping[str, str]) -> int:
    """DSHELL_PATIENCE: how many times slower than usual the nodes are. Raises UsageError."""
    value = environ.get("DSHELL_PATIENCE") or "1"
    if not (value.isascii() and value.isdecimal() and 1 <= int(value[:3]) <= MOST_PATIENT):
        raise UsageError(f"DSHELL_PATIENCE is {value!r}: it must be a number from 1 to {MOST_PATIENT}")
    return int(value)


class SystemClock:
    def __init__(self, now: Callable[[], datetime], patience: int) -> None:
        """`now` is the wall clock to compare the cluster's timestamps with."""
        self.now = now
        self.patience = patience

    def monotonic(self) -> float:
        return time.monotonic()

    def elapsed(self) -> float:
        # Linux stops its monotonic clock while the machine sleeps, macOS does not.
        return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def random_letters(self, letters: str, count: int) -> str:
        # The remainder of 64 bits is even enough for a name; the import of secrets takes 1.3 ms.
        return "".join(letters[int.from_bytes(os.urandom(8)) % len(letters)] for _ in range(count))
