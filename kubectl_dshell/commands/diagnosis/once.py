"""Ports for many plans about one pod: nothing is read twice, nothing is added, and nothing is said."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_dshell.commands.ports import Cluster, Ports
    from kubectl_dshell.domain.pod.pod import Json


def reading_once(ports: Ports) -> Ports:
    """The same ports, for a single pod."""
    return replace(ports, cluster=_OnePod(ports.cluster), notices=_Silence())


class _OnePod:
    """A Cluster that keeps what it has read."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._pod: Json | None = None
        self._owner: str | None = None

    def get_pod(self, namespace: str, name: str) -> Json:
        self._pod = self._pod or self._cluster.get_pod(namespace, name)
        return self._pod

    def whoami(self) -> str:
        if self._owner is None:
            self._owner = self._cluster.whoami()
        return self._owner

    def list_pods(self, namespace: str | None, selector: str = "") -> Iterator[Json]:
        return self._cluster.list_pods(namespace, selector)

    def add_ephemeral_container(self, namespace: str, pod: str, container: Json, *, dry_run: bool = False) -> Json:
        if not dry_run:
            raise TypeError("nothing may be added here")
        return self._cluster.add_ephemeral_container(namespace, pod, container, dry_run=True)

    def pod_changes(self, namespace: str, name: str, resource_version: str, deadline: float) -> Iterator[Json | None]:
        return self._cluster.pod_changes(namespace, name, resource_version, deadline)

    def events(self, namespace: str, pod: str, uid: str) -> list[Json]:
        return self._cluster.events(namespace, pod, uid)

    def node_architecture(self, node: str) -> str:
        return self._cluster.node_architecture(node)


class _Silence:
    """Notices of sessions that do not take place."""

    def identity(self, text: str) -> None: ...
    def notice(self, text: str) -> None: ...
    def warn(self, text: str) -> None: ...
    def interject(self, text: str) -> None: ...
    def progress(self, text: str) -> None: ...
