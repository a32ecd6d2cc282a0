"""How far a copy is."""

from __future__ import annotations

from typing import Protocol


class ProgressMeter(Protocol):
    """Told by whoever moves the bytes, in whatever thread."""

    def expect(self, total: int | None) -> None:
        """So many bytes more are to come; None: nobody knows how many."""

    def advance(self, count: int) -> None:
        """So many more have passed."""
