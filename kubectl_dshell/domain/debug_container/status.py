"""The debug containers of a pod, read from its ephemeral containers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from kubectl_dshell.domain.debug_container.end_message import termination_message
from kubectl_dshell.domain.debug_container.seal import Seal, parse_seal, place_of
from kubectl_dshell.domain.debug_container.spec import VOLUMES_OF, environment, protocol_of, tools_of
from kubectl_dshell.domain.pod.container_ref import ContainerRef
from kubectl_dshell.domain.pod.copied import COPY_OF
from kubectl_dshell.domain.pod.pod import Container, Phase, Pod, State
from kubectl_dshell.domain.runtime.summary import summary
from kubectl_dshell.domain.text.bounds import LONGEST_MESSAGE, one_line, small_number

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from kubectl_dshell.domain.app_image.tools import Tools

_LONGEST_IMAGE = 1024  # a registry's name, a path and a digest
_OVER = ("Succeeded", "Failed")
OURS = "dshell"
_GENERATED = {
    # kubectl's `cmd/debug` (computeDebugContainer) and cdebug's debuggerName; a user-chosen name tells nothing.
    "kubectl debug": re.compile(r"debugger-[bcdfghjklmnpqrstvwxz2456789]{5}"),
    "cdebug": re.compile(r"cdebug-[0-9a-f]{8}"),
}


class HolderReport(NamedTuple):
    """The report of a running debug container's holder; times in seconds."""

    clients: int
    """Number of attached clients."""
    silent: int
    """Since the last heartbeat of any client, or since the start."""
    kept: int
    """Remaining time without a client (--keep); 0 without --keep."""
    left: int
    """Remaining time until its limit (--ttl)."""


@dataclass(frozen=True, slots=True)
class DebugContainer:
    """One debug container of any tool. `ours`: it has a holder, which speaks some version of our protocol."""

    namespace: str
    pod: str
    node: str
    name: str
    target: str
    target_id: str
    image: str
    user: str
    owner: str
    ours: bool
    protocol: int | None
    """The version of that protocol."""
    reason: str
    """The purpose given by its owner (--reason)."""
    limit: int | None
    """Seconds after its start at which it ends by itself (--ttl)."""
    phase: Phase
    waiting_reason: str
    message: str
    exit_code: int | None
    started_at: datetime | None
    finished_at: datetime | None
    live: HolderReport | None = None
    """The holder's reply to a probe; None if it was not probed, or did not reply."""
    lost: bool = False
    """Probed, and running without a holder that could reply."""
    unasked: bool = False
    """To be probed, but there was no time left."""
    user_source: str = ""
    """The source of `user`: status (actual), spec (requested), or empty if unknown."""
    seal: Seal | None = None
    """Proof of its creator, not yet verified (seal.is_mine)."""
    tools: Tools | None = None
    """The tools of another debug container that it uses, if it is of the app's image."""
    borrower: str = ""
    """The debug container that claims to use this one's tools and has not ended."""
    pod_uid: str = ""
    """Distinguishes the pod from a later one of the same name; empty if unknown."""
    is_copy: bool = False
    """Whether its pod is a copy of another one, which dshell has created for it."""
    copy_of: str = ""
    """POD/CONTAINER of which its pod claims to be a copy."""
    volumes_only: bool = False
    """Whether it has the volumes of `target` and has not joined it (--volumes)."""

    @property
    def ref(self) -> ContainerRef:
        return ContainerRef(self.namespace, self.pod, self.name)

    @property
    def state(self) -> str:
        """A few words for people: running, waiting (ImagePullBackOff), ended (by a client)."""
        match self.phase:
            case Phase.RUNNING:
                return "running"
            case Phase.WAITING:
                return f"waiting ({self.waiting_reason})" if self.waiting_reason else "waiting"
            case Phase.TERMINATED:
                return f"ended ({termination_message(self.message).removeprefix('ended ') or f'code {self.exit_code}'})"
            case Phase.UNKNOWN:
                return "not started"


def debug_containers(pod: Pod) -> Iterator[DebugContainer]:
    """All debug containers of `pod`; stamps and messages are reduced to one line each, of bounded length."""
    ids = {c.name: c.id for c in (*pod.containers, *pod.init)}
    borrowers = _borrowers(pod)
    for container in pod.ephemeral:
        env = environment(container.spec)
        protocol = protocol_of({**container.spec, "name": container.name})
        state = container.state
        yield DebugContainer(
            namespace=pod.namespace,
            pod=pod.name,
            node=pod.node,
            name=container.name,
            target=(target := _target(pod, container)),
            target_id=ids.get(target, ""),
            image=one_line(container.spec.get("image") or "", _LONGEST_IMAGE),
            user=_user(pod, container),
            owner=one_line(env.get("DSHELL_OWNER", "")),
            ours=protocol is not None,
            protocol=protocol,
            reason=one_line(env.get("DSHELL_REASON", "")),
            limit=small_number(env.get("DSHELL_LIMIT")),
            phase=_phase(pod, state),
            waiting_reason=state.reason,
            message=_message(state),
            exit_code=state.exit_code,
            started_at=state.started_at,
            finished_at=state.finished_at,
            user_source="status" if container.user else "spec" if _user(pod, container) else "",
            seal=parse_seal(container.spec, place_of(pod)),
            tools=tools_of(container.spec),
            borrower=borrowers.get(container.name, ""),
            pod_uid=pod.uid,
            is_copy=pod.is_copy,
            copy_of=_copy_of(pod),
            volumes_only=bool(_volumes_of(pod, container)),
        )


def _message(state: State) -> str:
    """A runtime's, unless it is that of a process which has run."""
    if state.phase is Phase.TERMINATED and state.reason != "StartError":
        return one_line(state.message.strip(), LONGEST_MESSAGE)
    return summary(state.message) if state.message else ""


def _borrowers(pod: Pod) -> dict[str, str]:
    """Those of the app's image that have not ended, by the names of their lenders."""
    live = (c for c in pod.ephemeral if c.state.phase is not Phase.TERMINATED)
    return {tools.lender: c.name for c in live if (tools := tools_of(c.spec)) and tools.lender}


def _copy_of(pod: Pod) -> str:
    return one_line(pod.annotations.get(COPY_OF, "")) if pod.is_copy else ""


def _target(pod: Pod, container: Container) -> str:
    return container.spec.get("targetContainerName") or _volumes_of(pod, container) or _copy_of(pod).rpartition("/")[2]


def _volumes_of(pod: Pod, container: Container) -> str:
    """The container of `pod` whose volumes it claims to have instead of a target; empty if it has a target, or none."""
    if pod.is_copy or container.spec.get("targetContainerName"):
        return ""
    claimed = environment(container.spec).get(VOLUMES_OF, "")
    return claimed if any(one.name == claimed for one in (*pod.containers, *pod.init)) else ""


def _phase(pod: Pod, state: State) -> Phase:
    """A copy that the cluster has ended before its container started has no other sign of that."""
    return Phase.TERMINATED if pod.is_copy and pod.phase in _OVER else state.phase


def tool(name: str, *, ours: bool) -> str:
    """One of dshell, kubectl debug and cdebug; empty if unknown."""
    if ours:
        return OURS
    return next((tool for tool, generated in _GENERATED.items() if generated.fullmatch(name)), "")


def _user(pod: Pod, container: Container) -> str:
    if container.user:
        return f"{container.user[0]}:{container.user[1]}"
    uid = container.security.get("runAsUser", pod.security.get("runAsUser"))
    gid = container.security.get("runAsGroup", pod.security.get("runAsGroup"))
    return "" if uid is None else f"{uid}:{'' if gid is None else gid}".rstrip(":")
