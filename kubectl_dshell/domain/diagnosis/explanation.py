"""All that `explain` knows of a pod and its containers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_dshell.domain.access.identity import Source, identify, named
from kubectl_dshell.domain.access.permitted import permitted
from kubectl_dshell.domain.diagnosis.memory import Memory, container_limit
from kubectl_dshell.domain.diagnosis.ways import Process, Verdict, app_process
from kubectl_dshell.domain.pod.json_fields import Fields
from kubectl_dshell.domain.runtime.sandbox import doubts
from kubectl_dshell.domain.text.bounds import LONGEST_LINE, one_line

if TYPE_CHECKING:
    from kubectl_dshell.domain.debug_container.seal import Key
    from kubectl_dshell.domain.diagnosis.check import Unknown
    from kubectl_dshell.domain.diagnosis.pod_security import PodSecurity
    from kubectl_dshell.domain.pod.pod import Container, Json, Pod

_APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"


@dataclass(frozen=True, slots=True)
class ContainerFacts:
    """One container of the app. Texts are empty where the pod says nothing."""

    name: str
    state: str
    process: Process
    groups: tuple[int, ...]
    source: str
    """Where its user is known from: status, spec, or measured by an earlier session; image: it is not known."""
    seccomp: str
    apparmor: str
    selinux: str
    memory_limit: int | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one way would do for one container.

    `debugger`: the process in the debug container; None: there can be none.
    `admitted`: whether the cluster would add the debug container; None: not asked, or no answer.
    """

    container: str
    flags: str
    debugger: Process | None
    admitted: bool | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Explanation:
    """`security` is None if the namespace does not exist any more."""

    pod: Pod
    security: PodSecurity | Unknown | None
    memory: Memory
    containers: tuple[ContainerFacts, ...]
    attempts: tuple[Attempt, ...]

    @property
    def hidden(self) -> str:
        """Why a session may not get at the app's files, by the pod's runtime class; empty if nothing is known."""
        return doubts(self.pod.runtime_class, shared=self.pod.shares_processes)

    @property
    def own_user_namespace(self) -> bool:
        return self.pod.spec.get("hostUsers") is False


def facts_of(pod: Pod, container: Container, key: Key | None) -> ContainerFacts:
    """Raises Malformed. `key`: ours, which seals what earlier sessions have measured."""
    found = identify(pod, container, None, key)
    if found.source is Source.MEASURED:
        held = permitted(container.security, found.uid, container.runtime)
        process, source = Process(found.uid, found.gid, held, container.runtime), "measured"
    else:
        process, source = app_process(pod, container), _source(pod, container)
    return ContainerFacts(
        name=container.name,
        state=str(container.state.phase),
        process=process,
        groups=container.groups,
        source=source,
        seccomp=_profile(pod, container, "seccompProfile"),
        apparmor=_profile(pod, container, "appArmorProfile") or _annotated(pod, container),
        selinux=_selinux(container.security) or _selinux(pod.security),
        memory_limit=container_limit(container),
    )


def _source(pod: Pod, container: Container) -> str:
    if container.user is not None:
        return "status"
    uid, gid = named(pod, container)
    if uid is None:
        return "image"
    return "spec" if gid is not None else "spec, image"


def _profile(pod: Pod, container: Container, key: str) -> str:
    """Type and name of a profile; the container's before the pod's."""
    for what, security in ((f"container {container.name}", container.security), (f"pod {pod.name}", pod.security)):
        profile = Fields.of(what, security).fields(key)
        if kind := profile.text("type", LONGEST_LINE):
            return one_line(" ".join(filter(None, (kind, profile.text("localhostProfile", LONGEST_LINE)))))
    return ""


def _annotated(pod: Pod, container: Container) -> str:
    return one_line(pod.annotations.get(_APPARMOR_ANNOTATION + container.name, ""))


def _selinux(security: Json) -> str:
    """As in a label: user:role:type:level, of those that are given."""
    options = Fields.of("securityContext", security).fields("seLinuxOptions")
    return one_line(":".join(filter(None, (options.text(key) for key in ("user", "role", "type", "level")))))
