"""The parts of a v1 Pod that matter here, parsed from its JSON in this one place.

The content of a pod is untrusted, since it comes from anyone who may change the pod: `parse_pod` raises Malformed and
nothing else, and its result has the types, names and lengths that the rest of the program relies on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from kubectl_dshell.domain.pod.copied import is_copy
from kubectl_dshell.domain.pod.json_fields import SUBDOMAIN, Fields
from kubectl_dshell.domain.text.bounds import LONGEST_LINE, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

Json = dict[str, Any]

_ID_MAX = 2**32 - 1  # uid_t and gid_t of the kernel
_CODE_MAX = 2**31 - 1  # an exit code is an int32
_LONGEST_MESSAGE = 16384  # kept of a status message; people are shown less of it
_LONGEST_IMAGE = 1024  # a registry's name, a path and a digest
_CONTAINER_ID = re.compile(r"(?:([a-z0-9+.-]{1,32})://)?([\w.-]{0,128})", re.ASCII)


class Phase(StrEnum):
    """The field of a v1 ContainerState that is set; UNKNOWN while there is no status."""

    WAITING = "waiting"
    RUNNING = "running"
    TERMINATED = "terminated"
    UNKNOWN = "unknown"


_PHASES = (Phase.WAITING, Phase.RUNNING, Phase.TERMINATED)


@dataclass(frozen=True, slots=True)
class State:
    """v1 ContainerState; times are None if absent."""

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
    groups: tuple[int, ...] = ()
    """Supplementary ones of its first process, if the status has its user."""
    image_id: str = ""
    """`status.containerStatuses[].imageID`: the image that runs."""
    runtime: str = ""
    """The scheme of its ID: containerd, cri-o, docker; empty before it has one."""
    restarts: int = 0

    @property
    def security(self) -> Json:
        return self.spec.get("securityContext") or {}


class Pod(NamedTuple):
    """The needed part of a v1 Pod. `containers`: the app's, then sidecars; `init`: those that end before the app.

    `ephemeral`: its debug containers. In a copy of another pod (--copy) that is its only container.
    """

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
    is_copy: bool = False
    """Whether dshell has created it as a copy of another pod (--copy)."""
    runtime_class: str = ""

    @property
    def security(self) -> Json:
        return self.spec.get("securityContext") or {}

    @property
    def shares_processes(self) -> bool:
        return self.spec.get("shareProcessNamespace") is True

    def debug_container(self, name: str) -> Container | None:
        """The debug container of this name; positions mean nothing (kubectl appends, a plain patch prepends)."""
        return next((c for c in self.ephemeral if c.name == name), None)


def parse_pod(pod: object) -> Pod:
    """Raises Malformed with the pod's name and the path of the invalid field."""
    whole = Fields.of(f"pod {'/'.join(filter(None, called(pod)))}", pod)
    meta, spec, status = whole.fields("metadata"), whole.fields("spec"), whole.fields("status")
    sidecars, init = list[Fields](), list[Fields]()
    for container in spec.items("initContainers"):
        (sidecars if container.text("restartPolicy") == "Always" else init).append(container)
    statuses = status.items("containerStatuses") + status.items("initContainerStatuses")
    listed = spec.items("containers")
    copies = [container for container in listed if is_copy(container)]
    own = [container for container in listed if container not in copies] if copies else listed
    entries = _join(spec.items("ephemeralContainers"), status.items("ephemeralContainerStatuses"), _check_entry)
    check_security(spec)
    spec.fields("os").text("name", LONGEST_LINE)
    return Pod(
        name=meta.name("name", SUBDOMAIN),
        namespace=meta.name("namespace", optional=True) or "default",
        uid=meta.text("uid", LONGEST_LINE),
        resource_version=meta.text("resourceVersion", LONGEST_LINE),
        phase=one_line(status.text("phase")) or "Unknown",
        node=spec.name("nodeName", SUBDOMAIN, optional=True),
        spec=dict(spec.json),
        annotations=meta.labels("annotations"),
        conditions=tuple(_condition(c) for c in status.items("conditions")),
        containers=_join(own + sidecars, statuses),
        init=_join(init, statuses),
        ephemeral=entries + _join(copies, statuses, _check_entry),
        deleting=bool(meta.text("deletionTimestamp", LONGEST_LINE)),
        is_copy=bool(copies),
        runtime_class=spec.name("runtimeClassName", SUBDOMAIN, optional=True),
    )


def called(pod: object) -> tuple[str, str]:
    """The namespace and name that it claims, unchecked, each on one line."""
    meta = pod.get("metadata") if isinstance(pod, dict) else None
    said = [meta.get(key) if isinstance(meta, dict) else None for key in ("namespace", "name")]
    namespace, name = (one_line(text) if isinstance(text, str) else "" for text in said)
    return namespace, name or "without a name"


def _condition(condition: Fields) -> Json:
    return {key: one_line(condition.text(key), _LONGEST_MESSAGE) for key in ("type", "status", "message")}


def _join(
    specs: Sequence[Fields], statuses: Sequence[Fields], check: Callable[[Fields], None] = lambda _spec: None
) -> tuple[Container, ...]:
    by_name = {s.name("name"): s for s in statuses}
    made = []
    for spec in specs:
        check(spec)
        check_security(spec)
        made.append(_container(spec, by_name.get(spec.name("name")) or Fields(spec.what, {})))
    return tuple(made)


def _container(spec: Fields, status: Fields) -> Container:
    linux = status.fields("user").fields("linux")
    uid, gid = linux.number("uid", 0, _ID_MAX), linux.number("gid", 0, _ID_MAX)
    id_ = _CONTAINER_ID.fullmatch(status.text("containerID", LONGEST_LINE))
    if id_ is None:
        raise status.wrong("containerID", "is not a container ID")
    return Container(
        name=spec.name("name"),
        spec=dict(spec.json),
        state=_state(status.fields("state")),
        last_state=_state(status.fields("lastState")),
        id=id_[2],
        user=None if uid is None or gid is None else (uid, gid),
        groups=tuple(linux.numbers("supplementalGroups", 0, _ID_MAX)),
        restarts=status.number("restartCount", 0, _CODE_MAX) or 0,
        image_id=one_line(status.text("imageID"), _LONGEST_IMAGE),
        runtime=id_[1] or "",
    )


def _check_entry(entry: Fields) -> None:
    """Checks the fields that are later read from an ephemeral container's raw spec."""
    entry.name("targetContainerName", optional=True)
    entry.text("image")
    entry.text("imagePullPolicy", LONGEST_LINE)
    entry.flag("stdin")
    entry.texts("command")
    for mount in entry.items("volumeMounts"):
        mount.text("mountPath")
    for variable in entry.items("env"):
        variable.text("name")
        variable.text("value")


def check_security(holder: Fields) -> None:
    """Checks a SecurityContext or PodSecurityContext, which is mirrored unchanged."""
    security = holder.shallow("securityContext")
    if not security.json:
        return
    for key in ("runAsUser", "runAsGroup"):
        security.number(key, 0, _ID_MAX)
    for key in ("privileged", "readOnlyRootFilesystem"):
        security.flag(key)
    security.fields("seLinuxOptions")
    for key in ("seccompProfile", "appArmorProfile"):
        security.fields(key).text("type", LONGEST_LINE)
    capabilities = security.fields("capabilities")
    for key in ("add", "drop"):
        capabilities.texts(key)


def _state(state: Fields) -> State:
    for phase in _PHASES if state.json else ():
        if state.json.get(phase.value) is not None:
            detail = state.fields(phase.value)
            return State(
                phase=phase,
                reason=one_line(detail.text("reason")),
                message=detail.text("message")[:_LONGEST_MESSAGE],
                exit_code=detail.number("exitCode", -_CODE_MAX - 1, _CODE_MAX),
                started_at=detail.time("startedAt"),
                finished_at=detail.time("finishedAt"),
            )
    return State()
