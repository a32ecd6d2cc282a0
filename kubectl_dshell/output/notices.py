"""Notices for people on stderr. Plain writes keep scripts fast; only the progress line uses rich."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING

from kubectl_dshell.output.escape import escape

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.status import Status

_PLAIN_PROGRESS_AFTER_SECONDS = 5.0


class Notices:
    """`quiet` suppresses notices and progress, not warnings; the identity line is for terminals only."""

    def __init__(self, *, quiet: bool, is_raw: Callable[[], bool] = lambda: False, patience: int = 1) -> None:
        """`is_raw` tells whether stderr is a terminal that a session has in raw mode.

        `patience`: how many times later than usual a script is told of progress.
        """
        self._quiet = quiet
        self._is_raw = is_raw
        self._terminal = sys.stderr.isatty()
        self._status: Status | None = None
        self._said = ""
        self._since = 0.0
        self._plain_after = _PLAIN_PROGRESS_AFTER_SECONDS * patience - 1  # it is first called after a second

    def identity(self, text: str) -> None:
        if self._terminal and not self._quiet:
            self._write(text, fresh=False)

    def notice(self, text: str) -> None:
        if not self._quiet:
            self._write(text)

    def warn(self, text: str) -> None:
        self._write(text)

    def interject(self, text: str) -> None:
        self._write(text, fresh=self._terminal or None)

    def trace(self, text: str) -> None:
        """Output of -v."""
        self._write(text)

    def _write(self, text: str, *, fresh: bool | None = None) -> None:
        """`fresh`: whether the cursor may be in the middle of a line; None: in a raw terminal it may."""
        raw = self._is_raw()
        write_line(f"\n{text}" if (raw if fresh is None else fresh) else text, "\r\n" if raw else "\n")

    def progress(self, text: str) -> None:
        if not text:
            self._clear()
        elif not self._quiet and self._terminal and os.environ.get("TERM") != "dumb":
            self._live(text)
        elif not self._quiet:
            self._plain(text)

    def _live(self, text: str) -> None:
        from rich.console import Console
        from rich.text import Text

        self._since = self._since or time.monotonic()
        flat = escape(text.replace("\n", " "))  # only one line is erased
        line = Text(f"{flat} ({time.monotonic() - self._since + 1:.0f} s)")
        if self._status is None:
            self._status = Console(stderr=True).status(line, spinner="dots")
            self._status.start()
        self._status.update(line)

    def _plain(self, text: str) -> None:
        self._since = self._since or time.monotonic()
        if text != self._said and time.monotonic() - self._since >= self._plain_after:
            self._said = text
            self._write(text)

    def _clear(self) -> None:
        if self._status:
            self._status.stop()
        self._status, self._said, self._since = None, "", 0.0


def write_line(text: str, end: str = "\n") -> None:
    """One or more lines on stderr, each followed by `end`. A lost stderr is not an error."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(escape(text).replace("\n", end) + end)
        sys.stderr.flush()
