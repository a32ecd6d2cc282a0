"""Progress of a copy."""

from __future__ import annotations

from typing import Protocol


class ProgressMeter(Protocol):
    """Updated by the code that moves the bytes, from any thread."""

    def expect(self, total: int | None) -> None:
        """Add `total` bytes to the expected number; None if the number is unknown."""

    def advance(self, count: int) -> None:
        """Count `count` bytes as transferred."""
