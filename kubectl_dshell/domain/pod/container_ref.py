"""Names one container of a pod."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ContainerRef:
    """`container` is empty as long as none is chosen."""

    namespace: str
    pod: str
    container: str
