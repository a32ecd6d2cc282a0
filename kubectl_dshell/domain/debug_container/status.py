"""The debug containers of a pod, read from its ephemeral containers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_dshell.domain.debug_container.seal import Seal, parse_seal
from kubectl_dshell.domain.debug_container.spec import PREFIX, environment
from kubectl_dshell.domain.pod.container_ref import ContainerRef
from kubectl_dshell.domain.pod.pod import Container, Phase, Pod
from kubectl_dshell.domain.text.bounds import LONGEST_MESSAGE, one_line, small_number

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_LONGEST_IMAGE = 1024  # a registry's name, a path and a digest


@dataclass(frozen=True, slots=True)
class HolderReport:
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
    """One debug container of any tool. `ours`: it has a holder that speaks our protocol."""

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
    """Proof of its maker, not yet verified (seal.is_mine)."""
    pod_uid: str = ""
    """Distinguishes the pod from a later one of the same name; empty if unknown."""

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
    for container in pod.ephemeral:
        env = environment(container.spec)
        target = container.spec.get("targetContainerName") or ""
        state = container.state
        yield DebugContainer(
            namespace=pod.namespace,
            pod=pod.name,
            node=pod.node,
            name=container.name,
            target=target,
            target_id=ids.get(target, ""),
            image=one_line(container.spec.get("image") or "", _LONGEST_IMAGE),
            user=_user(pod, container),
            owner=one_line(env.get("DSHELL_OWNER", "")),
            ours=container.name.startswith(PREFIX) and "DSHELL_HOLDER" in env,
            reason=one_line(env.get("DSHELL_REASON", "")),
            limit=small_number(env.get("DSHELL_LIMIT")),
            phase=state.phase,
            waiting_reason=state.reason,
            message=one_line(state.message.strip(), LONGEST_MESSAGE),
            exit_code=state.exit_code,
            started_at=state.started_at,
            finished_at=state.finished_at,
            user_source="status" if container.user else "spec" if _user(pod, container) else "",
            seal=parse_seal(container.spec, pod.uid),
            pod_uid=pod.uid,
        )


def termination_message(message: str) -> str:
    """The termination message; empty if it only has the numbers that a holder keeps there while it runs."""
    return "" if message.replace(" ", "").isdigit() else message


def _user(pod: Pod, container: Container) -> str:
    if container.user:
        return f"{container.user[0]}:{container.user[1]}"
    uid = container.security.get("runAsUser", pod.security.get("runAsUser"))
    gid = container.security.get("runAsGroup", pod.security.get("runAsGroup"))
    return "" if uid is None else f"{uid}:{'' if gid is None else gid}".rstrip(":")
