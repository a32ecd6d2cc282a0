"""The cluster as seen by one of many sessions: no request is made twice, and none begins after a stop."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from kubectl_dshell.domain.pod.pod import parse_pod
from kubectl_dshell.errors import ConnectionLost

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_dshell.commands.fanout.targets import SelectedPod
    from kubectl_dshell.commands.parallel import Stop
    from kubectl_dshell.commands.ports import Clock, Cluster, ExecCheck, Streams
    from kubectl_dshell.domain.pod.pod import Json
    from kubectl_dshell.domain.stream import Stream

_FRESH_SECONDS = 10.0
_EVENTS_SECONDS = 6.0
_STARTED_SECONDS = 3.0
"""How long to wait for a starting debug container after a stop: a goodbye reaches only running ones."""


class PodCluster:
    """Both the Cluster and the Streams of one session, used by the thread that created it."""

    def __init__(
        self, found: SelectedPod, owner: str, stop: Stop, cluster: Cluster, streams: Streams, clock: Clock
    ) -> None:
        self.name = ""
        """The debug container of the last exec."""
        self._known = found.pod if clock.monotonic() - found.read_at < _FRESH_SECONDS else None
        self._readings = 0
        self._owner = owner
        self._stop = stop
        self._cluster = cluster
        self._streams = streams
        self._clock = clock
        self._thread = threading.get_ident()
        self._entries: dict[str, Json] = {}
        self._events: list[Json] = []
        self._next_events = clock.monotonic() + _EVENTS_SECONDS

    @property
    def identity(self) -> tuple[int, int] | None:
        """The UID and GID of the debug container."""
        security = self._entries.get(self.name, {}).get("securityContext") or {}
        return (security["runAsUser"], security["runAsGroup"]) if "runAsUser" in security else None

    def get_pod(self, namespace: str, name: str) -> Json:
        """The pod as it was listed for the first two calls (choose the container, plan); after that, read anew."""
        self._stop.check()
        pod = self._known or self._cluster.get_pod(namespace, name)
        self._readings += 1
        self._known = pod if self._readings == 1 else None
        self._entries |= {entry.name: entry.spec for entry in parse_pod(pod).ephemeral}
        return pod

    def list_pods(self, namespace: str | None, selector: str = "") -> Iterator[Json]:
        return self._cluster.list_pods(namespace, selector)

    def add_ephemeral_container(self, namespace: str, pod: str, container: Json, *, dry_run: bool = False) -> Json:
        self._stop.check()
        self._entries[container["name"]] = container
        return self._cluster.add_ephemeral_container(namespace, pod, container, dry_run=dry_run)

    def pod_changes(self, namespace: str, name: str, resource_version: str, deadline: float) -> Iterator[Json | None]:
        told_at: float | None = None
        for change in self._cluster.pod_changes(namespace, name, resource_version, deadline):
            yield change
            if self._stop.is_set():
                now = self._clock.monotonic()
                told_at = now if told_at is None else told_at
                if now - told_at > _STARTED_SECONDS:
                    self._stop.check()

    def events(self, namespace: str, pod: str, uid: str) -> list[Json]:
        """Read the events rarely: many slow starts would cause many requests for little information."""
        now = self._clock.monotonic()
        if now >= self._next_events:
            self._next_events = now + _EVENTS_SECONDS
            self._events = self._cluster.events(namespace, pod, uid)
        return self._events

    def node_architecture(self, node: str) -> str:  # noqa: ARG002  # as the Protocol
        """Not asked: all pods may fail in the same way, and a message each is enough."""
        return ""

    def whoami(self) -> str:
        return self._owner

    def check(self, namespace: str, pod: str, container: str, *args: Any, **kwargs: Any) -> ExecCheck:
        return self._streams.check(namespace, pod, container, *args, **kwargs)

    def open(self, namespace: str, pod: str, container: str, *args: Any, **kwargs: Any) -> Stream:
        # A tether connects in a thread of its own, and is needed to say goodbye.
        if threading.get_ident() == self._thread:
            self._stop.check()
        self.name = container
        try:
            return self._streams.open(namespace, pod, container, *args, **kwargs)
        except ConnectionLost:
            if threading.get_ident() == self._thread:
                self._stop.check()  # in that case it was abandoned, not lost
            raise
