"""A container of a pod, by its names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ContainerRef:
    """Where a command runs, or is to run; `container` is empty as long as it is not chosen."""

    namespace: str
    pod: str
    container: str
