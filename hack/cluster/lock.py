"""One at a time: held by an open file, so that a killed holder holds nothing."""

from __future__ import annotations

import contextlib
import fcntl
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def locked(path: Path, doing: str) -> Iterator[None]:
    """Wait for whoever holds it, saying so once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting: another process is {doing} ({path})", file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
