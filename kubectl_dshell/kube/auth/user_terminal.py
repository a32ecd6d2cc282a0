"""Whose the user's terminal is: a credential plugin may use it to ask, but never one that a session has."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SESSION_SECONDS = 20.0
_LEFT_ALONE_SECONDS = 20.0
"""A plugin that failed in a session, where nobody can answer it, is not started anew for that long: it may open a
browser each time. A lease is 50 s."""


class UserTerminal:
    """Told by whoever takes the terminal, asked by whoever would use it beside them; for several threads."""

    def __init__(
        self,
        show: Callable[[str], None] | None = None,
        *,
        session_seconds: float = _SESSION_SECONDS,
        left_alone_seconds: float = _LEFT_ALONE_SECONDS,
    ) -> None:
        """`show` writes text to the user at once, made safe; without it nothing may be written.

        While a session has it, a plugin gets `session_seconds`, and one that failed `left_alone_seconds` of rest.
        """
        self.session_seconds = session_seconds
        self.left_alone_seconds = left_alone_seconds
        self._show = show
        self._asking = threading.Lock()
        self._taken = False

    @property
    def taken(self) -> bool:
        """Whether a session reads the user's keys, or has: what was typed ahead of its end is for the user's shell."""
        return self._taken

    def take(self) -> None:
        """From now on the terminal is a session's. Waits for a plugin that is asking just now."""
        with self._asking:
            self._taken = True

    @contextmanager
    def lent(self) -> Iterator[bool]:
        """Whether there is a terminal to ask at; if so it is the caller's alone inside."""
        if sys.stdin is None or not sys.stdin.isatty():
            yield False
            return
        with self._asking:
            free = not self._taken
            if free:
                yield True
        if not free:
            yield False

    @property
    def why_not(self) -> str:
        """Why nothing can be asked."""
        return "a session is using it or has used it" if self._taken else "standard input is not a terminal"

    def show(self, text: str) -> bool:
        """Write `text` to the user now; False when a session has the terminal, and it has to wait."""
        if self._show is None or self._taken:
            return False
        self._show(text)
        return True
