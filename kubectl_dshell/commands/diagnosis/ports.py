"""The Protocol through which `doctor` and `explain` see a cluster, beside those of `commands.ports`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from kubectl_dshell.domain.permissions import Permission
    from kubectl_dshell.domain.pod.pod import Json


class Inspection(Protocol):
    """Facts about a cluster. Every method may raise PermissionDenied, BadConfig, ConnectionLost, or ApiError."""

    def version(self) -> str:
        """Of the API server: v1.36.3."""

    def resources(self) -> list[str]:
        """Of the core API, subresources included."""

    def nodes(self) -> Iterator[Json]:
        """All of them."""

    def namespace(self, name: str) -> Json | None:
        """None if there is no such namespace."""

    def is_allowed(self, permission: Permission, namespace: str) -> bool:
        """Whether this user has the permission."""

    def memory_use(self, namespace: str, pod: str) -> Json:
        """A metrics.k8s.io PodMetrics; ApiError where nothing collects them."""

    def clock_offset(self) -> timedelta | None:
        """How far the cluster's clock is ahead of ours; None if that is unknown."""
