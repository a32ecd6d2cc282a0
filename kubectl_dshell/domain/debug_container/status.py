"""What the ephemeral containers of a pod say of the debug sessions in it."""

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
    """What the holder of a running debug container knows; times in seconds."""

    clients: int
    """How many clients are attached."""
    silent: int
    """Since the last word of any client, or since the start."""
    kept: int
    """For how long it still waits without a client (--keep); 0 without."""
    left: int
    """Until its limit (--ttl)."""


@dataclass(frozen=True, slots=True)
class DebugContainer:
    """One debug container, whoever made it. `ours`: it has a holder that understands our words."""

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
    """Why it was made, in its owner's words (--reason)."""
    limit: int | None
    """Seconds after its start at which it ends by itself (--ttl)."""
    phase: Phase
    waiting_reason: str
    message: str
    exit_code: int | None
    started_at: datetime | None
    finished_at: datetime | None
    live: HolderReport | None = None
    """What its holder answered when asked; None if it was not asked, or did not answer."""
    lost: bool = False
    """Asked, and there is no holder in it that could answer, though it runs."""
    unasked: bool = False
    """It was to be asked, and there was no time left for it."""
    user_source: str = ""
    """Where `user` was learned: status (what runs), spec (what was asked for); empty if nowhere."""
    seal: Seal | None = None
    """Its maker's word that it is theirs, unproven (seal.is_mine)."""
    pod_uid: str = ""
    """A name is another pod's once this one is gone; empty where nobody told."""

    @property
    def ref(self) -> ContainerRef:
        return ContainerRef(self.namespace, self.pod, self.name)

    @property
    def state(self) -> str:
        """In a word or three, for people: running, waiting (ImagePullBackOff), ended (its limit)."""
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
    """All debug containers of `pod`; what was stamped on them, and said of them, is one line each, and not too long."""
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
    """The termination message, empty if it is only the numbers that a holder keeps there while it lives."""
    return "" if message.replace(" ", "").isdigit() else message


def _user(pod: Pod, container: Container) -> str:
    if container.user:
        return f"{container.user[0]}:{container.user[1]}"
    uid = container.security.get("runAsUser", pod.security.get("runAsUser"))
    gid = container.security.get("runAsGroup", pod.security.get("runAsGroup"))
    return "" if uid is None else f"{uid}:{'' if gid is None else gid}".rstrip(":")
