"""Explains why a copy of a pod does not start. Measured on Kubernetes 1.36 with containerd 2.2."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from kubectl_dshell.domain.pod.copied import TOOLS_FOLDER
from kubectl_dshell.domain.pod.json_fields import Fields
from kubectl_dshell.domain.pod.pod import Phase
from kubectl_dshell.domain.runtime.summary import summary
from kubectl_dshell.domain.runtime.words import NOT_CREATED_REASONS, PULL_REASONS, Says, means
from kubectl_dshell.domain.text.bounds import one_line
from kubectl_dshell.errors import DshellError, Forbidden, Malformed, NotFound, Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_dshell.domain.pod.pod import Container, Json, Pod

_BUSYBOX = f"{TOOLS_FOLDER}/bin/busybox"
_NO_BUSYBOX = "--copy needs an image with a statically linked /bin/busybox for the tools: --image busybox:1.37"
_UNUSABLE = ("InvalidImageName", "ImageInspectError", "ErrImageNeverPull")
_NOT_CREATED = NOT_CREATED_REASONS | {"CreateContainerConfigError"}
_PULL_FAILED = "an event"
_DELAYS = ("FailedMount", "FailedAttachVolume", "FailedMapVolume", "FailedCreatePodSandBox")


def tools_image(pod: Pod) -> str:
    """The image with the tools of a copy."""
    volumes = Fields.of(f"pod {pod.name}", pod.spec).items("volumes")
    found = next((text for volume in volumes if (text := volume.fields("image").text("reference"))), "")
    return one_line(found)


def judge_copy(
    pod: Pod, container: Container | None, events: Sequence[Json], reports: set[str], secrets: str
) -> DshellError | None:
    """None while it may still start (or runs), else the reason why it never will.

    `reports`: the distinct failures to pull its images so far; the first one may pass.
    `secrets`: whose pull secrets the kubelet had.
    """
    if pod.deleting:
        return NotFound(f"pod {pod.name} is being deleted; nothing will start in it")
    if container is not None and container.state.phase is Phase.TERMINATED:
        return _ended(pod, container)
    if pod.phase in ("Succeeded", "Failed"):
        return NotFound(f"pod {pod.name} has terminated (phase {pod.phase}); nothing will start in it")
    if any(means(message, Says.PULL_FAILED) for _, message in _told(events)):
        reports.add(_PULL_FAILED)
    waits = container is not None and container.state.phase is Phase.WAITING
    return _hopeless(pod, container, reports, secrets) if container and waits else None


def _ended(pod: Pod, container: Container) -> Unavailable:
    why = summary(container.state.message) or container.state.reason
    if _BUSYBOX in why:
        return _no_busybox(pod, why)
    return Unavailable(f"the copy {pod.name} exited immediately: {why} (exit code {container.state.exit_code})")


def _no_busybox(pod: Pod, why: str) -> Unavailable:
    return Unavailable(f"the tools of {tools_image(pod)} cannot be used in a copy: {why}", _NO_BUSYBOX)


def _hopeless(pod: Pod, container: Container, reports: set[str], secrets: str) -> DshellError | None:
    state, image, tools = container.state, one_line(container.spec.get("image") or ""), tools_image(pod)
    message = summary(state.message)
    if state.reason in PULL_REASONS:
        reports.add(state.reason)
        which = tools if tools and tools in state.message else image
        credentials = [secrets] if means(state.message, Says.PULL_DENIED) else []
        return Unavailable(f"the node cannot pull {which}: {message}", *credentials) if len(reports) > 1 else None
    if state.reason in _UNUSABLE:
        return Unavailable(f"the node cannot use an image of the copy, {image} or {tools}: {message}")
    if state.reason == "CreateContainerConfigError" and means(state.message, Says.NEVER_ROOT):
        advice = "Copy it as another user: --run-as UID:GID"
        return Forbidden(f"the pod requires runAsNonRoot, but its user is root or not a number: {message}", advice)
    if state.reason in NOT_CREATED_REASONS and means(state.message, Says.NO_PROGRAM) and _BUSYBOX in message:
        return _no_busybox(pod, message)  # CRI-O looks for the program before it starts anything
    if state.reason in _NOT_CREATED:
        return Unavailable(f"the node cannot start the copy of the container: {message}")
    return None


def describe_copy(pod: Pod, events: Sequence[Json]) -> str:
    """What the start is waiting for, in a few words: an event of the pod as a whole, or the scheduler's reason."""
    if not pod.node:
        told = [c["message"] for c in pod.conditions if c["type"] == "PodScheduled" and c["status"] == "False"]
        return one_line(told[0]) if told and told[0] else "waiting for the pod to be scheduled"
    for reason, message in reversed(_told(events)):
        if reason in _DELAYS:
            return one_line(f"{reason}: {summary(message)}")
    return ""


def _told(events: Sequence[Json]) -> list[tuple[str, str]]:
    """(reason, message) of each event; malformed ones are skipped, as events only supplement the status."""
    told = []
    for event in events:
        with suppress(Malformed):
            fields = Fields.of("an event", event)
            told.append((fields.text("reason"), fields.text("message")))
    return told
