"""The one way in which tests wait for something that happens by itself."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Found = TypeVar("Found")
_SHORTEST, _LONGEST = 0.005, 0.1  # seconds
_SHARE = 20
SLOWNESS = int(os.environ.get("DSHELL_E2E_SLOWNESS") or 1)
"""How many times longer than usual everything may take: set for nodes whose every instruction is translated."""


def patient(seconds: float) -> float:
    """A bound on what another process takes, where nodes may be slow."""
    return seconds * SLOWNESS


def wait_until(
    condition: Callable[[], Found], seconds: float = 20, what: str | Callable[[], object] = "the condition"
) -> Found:
    """Return the first true value of `condition`; AssertionError with `what` after `seconds`.

    Where nodes are slow, these are longer. `what` is a name of it, or called then and only then: what a process has printed, what else is there.
    Between two calls it rests as long as one took, or a twentieth of the time it has waited, within bounds: what happens
    soon is seen soon, and what takes long leaves the processors to whoever does it.
    """
    seconds = patient(seconds)
    first = time.monotonic()
    deadline = first + seconds
    while True:
        began = time.monotonic()
        if found := condition():
            return found
        now = time.monotonic()
        if now > deadline:
            told = what if isinstance(what, str) else what()
            raise AssertionError(f"waited {seconds:g} s in vain for {told}")
        time.sleep(min(max(now - began, (now - first) / _SHARE, _SHORTEST), _LONGEST))
