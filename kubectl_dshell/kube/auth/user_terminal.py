"""Arbitration of the user's terminal: a credential plugin may prompt on it, unless a session is using it."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SESSION_SECONDS = 20.0
_LEFT_ALONE_SECONDS = 20.0
"""A plugin that failed during a session, where it cannot prompt, is not restarted for this long: each start may open a
browser. A lease is 50 s."""


class UserTerminal:
    """Knows whether a session has taken the terminal, and lends it to plugins otherwise; thread-safe."""

    def __init__(
        self,
        show: Callable[[str], None] | None = None,
        *,
        session_seconds: float = _SESSION_SECONDS,
        left_alone_seconds: float = _LEFT_ALONE_SECONDS,
    ) -> None:
        """`show` writes escaped text to the user immediately; without it nothing may be written.

        During a session a plugin may run for `session_seconds`; after a failure it is not retried for
        `left_alone_seconds`.
        """
        self.session_seconds = session_seconds
        self.left_alone_seconds = left_alone_seconds
        self._show = show
        self._asking = threading.Lock()
        self._taken = False

    @property
    def taken(self) -> bool:
        """Whether a session reads the keyboard, or has read it: anything typed ahead belongs to the user's shell."""
        return self._taken

    def take(self) -> None:
        """Claim the terminal for a session, after waiting for a plugin that is prompting."""
        with self._asking:
            self._taken = True

    @contextmanager
    def lent(self) -> Iterator[bool]:
        """Yield whether a terminal is available; if so, the caller has exclusive use of it in the block."""
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
        """Why the terminal is not available."""
        return "a session is using it or has used it" if self._taken else "stdin is not a terminal"

    def show(self, text: str) -> bool:
        """Write `text` to the user; False if a session has the terminal, so that the text has to wait."""
        if self._show is None or self._taken:
            return False
        self._show(text)
        return True
