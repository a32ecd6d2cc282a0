"""Progress of a copy: one line on stderr if that is a terminal, else nothing."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class CopyBar:
    """Advanced by one thread, started and ended by another."""

    def __init__(self, *, quiet: bool) -> None:
        self._wanted = not quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._total: int | None = 0

    def expect(self, total: int | None) -> None:
        """Add to the expected bytes; None makes the bar indeterminate."""
        self._total = None if total is None or self._total is None else self._total + total
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, total=self._total)

    def advance(self, count: int) -> None:
        """Count transferred bytes; the first ones show the line."""
        if not self._wanted:
            return
        if self._progress is None or self._task is None:
            self._start()
        if self._progress is not None and self._task is not None:
            self._progress.advance(self._task, count)

    def end(self) -> None:
        """Remove the line for good."""
        self._wanted = False
        if self._progress is not None:
            self._progress.stop()

    def _start(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TimeElapsedColumn, TransferSpeedColumn

        columns = (BarColumn(bar_width=30), DownloadColumn(), TransferSpeedColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True, refresh_per_second=5)
        self._task = self._progress.add_task("", total=self._total)
        self._progress.start()


def format_bytes(count: int) -> str:
    """In human-readable form: "1.2 MB"."""
    size = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
