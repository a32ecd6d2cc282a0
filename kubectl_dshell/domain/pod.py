"""A v1 Pod as far as it matters here, parsed from its JSON once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Json = dict[str, Any]


class Phase(StrEnum):
    """Which of the three fields of a v1 ContainerState is set; UNKNOWN when there is no status yet."""

    WAITING = "waiting"
    RUNNING = "running"
    TERMINATED = "terminated"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class State:
    """v1 ContainerState; times are those of the API server's JSON, None where it has none."""

    phase: Phase = Phase.UNKNOWN
    reason: str = ""
    message: str = ""
    exit_code: int | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Container:
    """One container's spec and status; `id` is the runtime's bare ID, `user` (uid, gid) of its first process.

    `user` is `status.containerStatuses[].user.linux` (KEP-3619, on by default since Kubernetes 1.33).
    """

    name: str
    spec: Json = field(default_factory=dict)
    state: State = State()
    last_state: State = State()
    id: str = ""
    user: tuple[int, int] | None = None

    @property
    def security(self) -> Json:
        return self.spec.get("securityContext") or {}


@dataclass(frozen=True, slots=True)
class Pod:
    """What is needed of a v1 Pod. `containers` are the app's, then sidecars; `init` those that end before them."""

    name: str
    namespace: str
    uid: str
    resource_version: str
    phase: str
    node: str
    spec: Json
    annotations: Mapping[str, str]
    conditions: tuple[Json, ...]
    containers: tuple[Container, ...]
    init: tuple[Container, ...]
    ephemeral: tuple[Container, ...]
    deleting: bool

    @property
    def security(self) -> Json:
        return self.spec.get("securityContext") or {}

    def debug_container(self, name: str) -> Container | None:
        """The ephemeral container of this name; position says nothing (kubectl appends, a plain patch prepends)."""
        return next((c for c in self.ephemeral if c.name == name), None)


def parse_pod(pod: Json) -> Pod:
    meta, spec, status = pod["metadata"], pod.get("spec") or {}, pod.get("status") or {}
    init = spec.get("initContainers") or []
    sidecars = [c for c in init if c.get("restartPolicy") == "Always"]
    statuses = (status.get("containerStatuses") or []) + (status.get("initContainerStatuses") or [])
    return Pod(
        name=meta["name"],
        namespace=meta.get("namespace", "default"),
        uid=meta.get("uid", ""),
        resource_version=meta.get("resourceVersion", ""),
        phase=status.get("phase", "Unknown"),
        node=spec.get("nodeName", ""),
        spec=spec,
        annotations=meta.get("annotations") or {},
        conditions=tuple(status.get("conditions") or ()),
        containers=_join((spec.get("containers") or []) + sidecars, statuses),
        init=_join([c for c in init if c not in sidecars], statuses),
        ephemeral=_join(spec.get("ephemeralContainers") or [], status.get("ephemeralContainerStatuses") or []),
        deleting="deletionTimestamp" in meta,
    )


def _join(specs: Sequence[Json], statuses: Sequence[Json]) -> tuple[Container, ...]:
    by_name = {s["name"]: s for s in statuses}
    return tuple(_container(spec, by_name.get(spec["name"], {})) for spec in specs)


def _container(spec: Json, status: Json) -> Container:
    linux = (status.get("user") or {}).get("linux")
    return Container(
        name=spec["name"],
        spec=spec,
        state=_state(status.get("state")),
        last_state=_state(status.get("lastState")),
        id=status.get("containerID", "").rpartition("://")[2],
        user=(int(linux["uid"]), int(linux["gid"])) if linux else None,
    )


def _state(state: Json | None) -> State:
    for phase, detail in (state or {}).items():
        if phase in set(Phase):
            return State(
                phase=Phase(phase),
                reason=detail.get("reason", ""),
                message=detail.get("message", ""),
                exit_code=detail.get("exitCode"),
                started_at=parse_time(detail.get("startedAt")),
                finished_at=parse_time(detail.get("finishedAt")),
            )
    return State()


def parse_time(text: str | None) -> datetime | None:
    """A metav1.Time (RFC 3339, seconds, UTC)."""
    return datetime.fromisoformat(text) if text else None
