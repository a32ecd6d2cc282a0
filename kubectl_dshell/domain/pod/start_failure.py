"""Explains why a debug container has not started, and recognizes the cases in which it never will.

The set of the kubelet's final reasons was measured on Kubernetes 1.36 with containerd 2.2.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from shlex import quote
from typing import TYPE_CHECKING

from kubectl_dshell.domain.pod.json_fields import Fields
from kubectl_dshell.domain.pod.pod import Container, Json, Phase, Pod, State
from kubectl_dshell.domain.runtime.summary import summary
from kubectl_dshell.domain.runtime.words import NOT_CREATED_REASONS, PULL_REASONS, Says, means, words
from kubectl_dshell.domain.text.bounds import one_line
from kubectl_dshell.errors import DshellError, Forbidden, Malformed, NotFound, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PULL_FAILED = "an event"
"""For a reason: the kubelet's is just "Failed"."""
_COMMAND = "DSHELL_PROTOCOL"
"""In the text of the first process, which dash puts before its message that there is no bash."""
_NOT_FOUND = 127
"""The exit code of a shell that cannot find a program (POSIX, `sh`)."""
_OTHER_IMAGE = "Use another image: --image, or set DSHELL_IMAGE."
_SHOWN = 5


def may_start(state: State) -> bool:
    """Whether the kubelet still tries to start it, and another one like it would wait for the same.

    After a failed pull the kubelet backs off for the image in this pod, not for the container (image_manager.go). One
    that the runtime could not create or start says nothing about the next one.
    """
    waiting = state.phase is Phase.WAITING and state.reason not in NOT_CREATED_REASONS
    return waiting or state.phase is Phase.UNKNOWN


@dataclass(slots=True)
class StartMonitor:
    """Judges the status and events of one debug container as they arrive; `reports` are the distinct pull failures.

    `architecture` asks for that of a node; "" if it is unknown. It is asked only if the image is for another one.
    """

    name: str
    reports: set[str] = field(default_factory=set)
    architecture: Callable[[str], str] = lambda _node: ""

    def judge(self, pod: Pod, events: Sequence[Json] = ()) -> DshellError | None:
        """None while it may still start (or runs), else the reason why it never will.

        An event reports at once what the status has only after the kubelet's next sync of the pod, 10 to 15 s later.
        """
        container = pod.debug_container(self.name)
        if pod.is_copy:
            from kubectl_dshell.domain.pod.copy_start import judge_copy

            return judge_copy(
                pod, container, events, self.reports, f"The registry wants credentials: {_pull_secrets(pod)}"
            )
        state = container.state if container else None
        image = one_line(container.spec.get("image") or "") if container else ""  # as stored: admission may change it
        if pod.phase in ("Succeeded", "Failed") or pod.deleting:
            what = "is being deleted" if pod.deleting else f"has terminated (phase {pod.phase})"
            return NotFound(f"pod {pod.name} {what}; {self.name} will not start in it")
        if state is not None and state.phase is Phase.TERMINATED:
            why = summary(state.message) or state.reason
            if said := words(state.message, Says.OTHER_ARCHITECTURE):
                return self._foreign(pod, image, f"its shell cannot run there ({said})")
            if state.exit_code == _NOT_FOUND and _COMMAND in why:  # what follows may be cut off
                why = "its sh has no read -t, and it has no bash"
            return Unavailable(
                f"{self.name} ({image}) exited immediately: {why} (exit code {state.exit_code})",
                f"dshell needs an image with busybox ash or bash. {_OTHER_IMAGE}",
            )
        reports = _reports(events, self.name)
        if state is not None and state.phase is Phase.WAITING:
            reports.append((state.reason, state.message))
        for _, message in reports:
            if said := words(message, Says.OTHER_ARCHITECTURE):
                return self._foreign(pod, image, f"its shell cannot run there ({said})")
            if said := words(message, Says.NO_PLATFORM):
                return self._foreign(pod, image, f"the node cannot pull it ({said})")
        return next((error for report in reports if (error := self._hopeless(pod, image, *report))), None)

    def _hopeless(self, pod: Pod, image: str, reason: str, whole: str) -> DshellError | None:
        message = summary(whole)
        stays = f"({self.name} never ran, but stays listed in the pod)"
        if reason in PULL_REASONS or reason == _PULL_FAILED:
            self.reports.add(reason)
            if len(self.reports) < 2:
                return None
            none_of_its_own = "The registry wants credentials. A debug container cannot bring its own"
            advice = [f"{none_of_its_own}: {_pull_secrets(pod)}"] if means(whole, Says.PULL_DENIED) else []
            return Unavailable(f"the node cannot pull {image}: {_pull_cause(whole)} {stays}", *advice, _OTHER_IMAGE)
        if reason == "ErrImageNeverPull":
            return Unavailable(
                f"{image} is not on the node and the pull policy is Never {stays}",
                "Let the node pull it: --image-pull-policy IfNotPresent",
            )
        if reason in ("InvalidImageName", "ImageInspectError", "InspectFailed"):
            return Unavailable(f"the node cannot use the image {image}: {message} {stays}", _OTHER_IMAGE)
        if reason == "CreateContainerConfigError" and not means(whole, Says.NO_TARGET_YET):
            return _config_error(message, stays)
        return self._not_created(pod, image, reason, whole, stays) if reason in NOT_CREATED_REASONS else None

    def _not_created(self, pod: Pod, image: str, reason: str, whole: str, stays: str) -> DshellError | None:
        """The kubelet tries again for ever; what CreateContainerError says otherwise may pass."""
        if means(whole, Says.NO_PROGRAM):
            return Unavailable(
                f"{image} has no shell: {_last_clause(whole)} {stays}",
                f"dshell needs an image with sh (busybox ash or bash). {_OTHER_IMAGE}",
            )
        if means(whole, Says.TARGET_ENDED):
            return NotFound(f"the target container ended before {self.name} could join it", summary(whole))
        if means(whole, Says.KILLED_AT_START):
            return Unavailable(
                f"{self.name} was killed while starting, most likely because the target container ended {stays}",
                f"Retry, or see whether the app keeps restarting: kubectl get pods -n {quote(pod.namespace)}",
            )
        is_final = reason == "RunContainerError" or means(whole, Says.NOT_SUPPORTED)
        if is_final and not means(whole, Says.NO_TARGET_YET):
            return Unavailable(f"the node cannot start {self.name}: {summary(whole)} {stays}")
        return None

    def _foreign(self, pod: Pod, image: str, what: str) -> Unavailable:
        known = one_line(self.architecture(pod.node)) if pod.node else ""
        node = (f" {pod.node}" if pod.node else "") + (f" ({known})" if known else "")
        path = "{.status.nodeInfo.architecture}"
        ask = f"The node's architecture: kubectl get node {quote(pod.node)} -o jsonpath='{path}'"
        return Unavailable(
            f"{image} is not built for the architecture of the pod's node{node}: {what}",
            *([ask] if pod.node and not known else []),
            f"dshell needs an image for {known or 'that architecture'}, or a multi-platform one. {_OTHER_IMAGE}",
        )


def _pull_secrets(pod: Pod) -> str:
    """Whose credentials the kubelet had. Admission has put those of the service account into a pod that named none."""
    names: list[str] = []
    with suppress(Malformed):
        secrets = Fields.of(f"pod {pod.name}", pod.spec).items("imagePullSecrets")
        names = [one_line(name) for secret in secrets if (name := secret.text("name"))]
    shown = ", ".join(names[:_SHOWN]) + ", ..." * (len(names) > _SHOWN)
    has = f"imagePullSecrets ({shown}), its own or its service account's" if names else "no imagePullSecrets"
    return f"the kubelet uses those of pod {pod.name}, which has {has}, and the node's."


def _config_error(message: str, stays: str) -> DshellError:
    if means(message, Says.NEVER_ROOT):
        return Forbidden(
            f"the pod requires runAsNonRoot, but the debug container would run as root: {message} {stays}",
            "Enter as another user: --run-as UID:GID",
        )
    return Unavailable(f"the node cannot configure the debug container: {message} {stays}")


def _pull_cause(message: str) -> str:
    """The last part of a chain of causes: "... : not found"."""
    return _last_clause(message)


def _last_clause(message: str) -> str:
    line = summary(message)
    clauses = [c.strip() for c in re.split(r":\s+", line) if c.strip()]
    return ": ".join(clauses[-2:]) if len(clauses) > 1 else line


def _about(events: Sequence[Json], name: str) -> list[tuple[str, str]]:
    """(reason, message) of the events of this debug container, in the order of their last occurrence.

    Malformed events are skipped: events only supplement the pod's status.
    """
    places = (f"spec.ephemeralContainers{{{name}}}", f"spec.containers{{{name}}}")
    ours: list[tuple[str, str, str]] = []
    for event in events:
        with suppress(Malformed):
            told = Fields.of("an event", event)
            if told.fields("involvedObject").text("fieldPath") in places:
                ours.append((told.text("lastTimestamp"), told.text("reason"), told.text("message")))
    return [(reason, message) for _, reason, message in sorted(ours, key=lambda event: event[0])]


def _reports(events: Sequence[Json], name: str) -> list[tuple[str, str]]:
    """(reason, message) of the events that explain why it does not start."""
    reports = []
    for reason, message in _about(events, name):
        if reason in ("InspectFailed", "ErrImageNeverPull"):
            reports.append((reason, message))
        elif means(message, Says.PULL_FAILED):
            reports.append((_PULL_FAILED, message))
    return reports


def describe(pod: Pod, name: str, events: Sequence[Json]) -> str:
    """What the start is waiting for, in a few words for the progress line."""
    container: Container | None = pod.debug_container(name)
    if pod.is_copy:
        from kubectl_dshell.domain.pod.copy_start import describe_copy

        if told := describe_copy(pod, events):
            return told
    state = container.state if container else None
    if state is None or state.phase is Phase.UNKNOWN:
        return f"waiting for the kubelet on {pod.node}" if pod.node else "waiting for the pod to be scheduled"
    pulling = _pulling(events, name)
    if state.reason in ("ContainerCreating", "PodInitializing", ""):
        return pulling or "creating the debug container"
    if state.reason in PULL_REASONS:
        return one_line(f"{state.reason}: {_pull_cause(state.message)}")
    return one_line(f"{state.reason}: {summary(state.message)}", 160) if state.message else state.reason


def _pulling(events: Sequence[Json], name: str) -> str:
    for _, message in reversed(_about(events, name)):
        if match := re.match(r'Pulling image "(.+)"', message):
            return f"pulling image {one_line(match[1])}"
        if means(message, Says.PULL_FAILED):
            return f"the image could not be pulled, retrying: {one_line(_pull_cause(message))}"
    return ""
