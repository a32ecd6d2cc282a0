"""Chooses the container to enter, or explains why it cannot be entered."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from kubectl_dshell.domain.debug_container.spec import PREFIX
from kubectl_dshell.domain.pod.json_fields import Fields
from kubectl_dshell.domain.pod.pod import Container, Phase, Pod, State
from kubectl_dshell.domain.runtime.summary import summary
from kubectl_dshell.domain.runtime.words import PULL_REASONS
from kubectl_dshell.domain.text.bounds import one_line, shortened
from kubectl_dshell.domain.text.duration import age
from kubectl_dshell.domain.text.invocation import PLAIN, Invocation
from kubectl_dshell.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105  # where it is mounted
DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"


@dataclass(frozen=True, slots=True)
class Target:
    """The container to enter, and a notice for people if it was chosen for them."""

    pod: Pod
    container: Container
    notice: str = ""


def choose_target(
    pod: Pod, wanted: str | None, now: datetime, *, new: bool = True, invocation: Invocation = PLAIN
) -> Target:
    """The container of `pod` to enter: `wanted`, else the annotated default, else the first one.

    `new`: a debug container has to be added. Raises NotFound with the reason and the next command if none can join it.
    """
    refuse_pod(pod, wanted, invocation)
    if new:
        refuse_new(pod, invocation)
    target = _pick(pod, wanted, invocation)
    if target.container.state.phase is not Phase.RUNNING:
        raise _not_running(target, now, invocation)
    return target


def where(pod: Pod) -> str:
    """The arguments that name a pod in a suggested command."""
    return f"{quote(pod.name)} -n {quote(pod.namespace)}"


def copy_advice(pod: Pod, container: str | None, invocation: Invocation) -> str:
    """For a container that does not run."""
    again = invocation.open(pod.namespace, pod.name, container)
    return f"A shell in a copy of the pod, with its image and variables: {again} --copy"


def down_advice(pod: Pod, container: Container, name: str | None, invocation: Invocation) -> tuple[str, ...]:
    """For `container`, which does not run in a pod that lives. `name`: for -c; None if it need not be said."""
    again = invocation.open(pod.namespace, pod.name, name)
    in_place = f"A shell in this pod, with its volumes and without its image: {again} --volumes"
    mounts = Fields.of(f"container {container.name}", container.spec).items("volumeMounts")
    worth_it = any(one.text("mountPath") != TOKEN for one in mounts)
    return (*([in_place] if worth_it else []), copy_advice(pod, name, invocation))


def of_copy(pod: Pod, invocation: Invocation) -> NotFound:
    """The refusal for a pod that is a copy (--copy)."""
    join = [invocation.attach(pod.namespace, pod.name, entry.name) for entry in pod.ephemeral]
    return NotFound(f"pod {pod.name} is itself a copy, created by --copy", *(f"Join it: {one}" for one in join[:1]))


def refuse_pod(pod: Pod, wanted: str | None, invocation: Invocation) -> None:
    """Raises NotFound if no ephemeral container can run in it."""
    if (pod.spec.get("os") or {}).get("name") == "windows":
        raise NotFound(f"pod {pod.name} runs on Windows; dshell supports Linux containers only")
    if "kubernetes.io/config.mirror" in pod.annotations:
        raise NotFound(
            f"{pod.name} is a static pod, and Kubernetes does not allow ephemeral containers in static pods",
            f"Debug its node instead: kubectl debug {quote(f'node/{pod.node}')} -it --image=busybox --profile=sysadmin",
        )
    if pod.is_copy:
        raise of_copy(pod, invocation)
    if pod.phase in ("Succeeded", "Failed"):
        raise NotFound(
            f"pod {pod.name} has terminated (phase {pod.phase}): a debug container can only join a running pod",
            f"Its logs: kubectl logs {where(pod)}",
            copy_advice(pod, wanted, invocation),
        )


def refuse_new(pod: Pod, invocation: Invocation = PLAIN) -> None:
    """Raises NotFound if the pod is being deleted: its containers run on, but no new one is started."""
    if pod.deleting:
        live = [c.name for c in pod.ephemeral if c.name.startswith(PREFIX) and c.state.phase is Phase.RUNNING]
        join = [invocation.attach(pod.namespace, pod.name, name) for name in live]
        raise NotFound(
            f"pod {pod.name} is being deleted: no new debug container can start in it",
            *(f"Attach to one that is running in it, possibly not yours: {command}" for command in join[:1]),
        )


def _pick(pod: Pod, wanted: str | None, invocation: Invocation) -> Target:
    by_name = {c.name: c for c in pod.containers}
    if wanted:
        there = by_name | {c.name: c for c in pod.init if c.state.phase is Phase.RUNNING}
        if wanted in there:
            return Target(pod, there[wanted])
        raise no_container(pod, wanted, invocation)
    annotated = pod.annotations.get(DEFAULT_CONTAINER)
    if annotated in by_name:
        return Target(pod, by_name[annotated])
    if not pod.containers:
        raise NotFound(f"pod {pod.name} has no containers")
    first = pod.containers[0]
    names = shortened(", ".join(by_name))
    several = f'defaulted container "{first.name}" of {pod.name} out of: {names} (choose with -c)'
    return Target(pod, first, several if len(by_name) > 1 else "")


def no_container(pod: Pod, wanted: str, invocation: Invocation) -> NotFound:
    """The refusal of a container that is not there, or cannot be joined."""
    names = shortened(", ".join(c.name for c in pod.containers))
    if init := next((c for c in pod.init if c.name == wanted), None):
        return NotFound(
            f"init container {wanted} of {pod.name} is not running, so it cannot be joined",
            f"Available containers: {names}",
            *down_advice(pod, init, wanted, invocation),
        )
    if pod.debug_container(wanted):
        return NotFound(
            f"{wanted} is a debug container of {pod.name}; choose one of the app's containers",
            f"Available containers: {names}",
        )
    return NotFound(f'pod {pod.name} has no container "{wanted}"; available: {names}')


def _not_running(target: Target, now: datetime, invocation: Invocation) -> NotFound:
    pod, container = target.pod, target.container
    return NotFound(
        f"container {container.name} of {pod.name} is not running: {describe_state(target, now)}. "
        "A debug container can only join a running one.",
        *_next_steps(pod, container, invocation),
    )


def _next_steps(pod: Pod, container: Container, invocation: Invocation) -> tuple[str, ...]:
    logs = f"Its logs: kubectl logs {where(pod)} -c {quote(container.name)}"
    if Phase.TERMINATED in (container.state.phase, container.last_state.phase):
        previous = " --previous" if container.last_state.phase is Phase.TERMINATED else ""
        only = len(pod.containers) == 1 and container in pod.containers
        return logs + previous, *down_advice(pod, container, None if only else container.name, invocation)
    first = f"See why it is waiting: kubectl describe pod {where(pod)}"  # it has never run
    if init := next((c for c in pod.init if c.state.phase is Phase.RUNNING), None):
        first = f"Enter its running init container: {invocation.open(pod.namespace, pod.name, init.name)}"
    failed = next((one for one in pod.init if fails(one)), None)
    return (first, *down_advice(pod, failed, failed.name, invocation)) if failed else (first,)


def fails(container: Container) -> bool:
    """Whether an init container has ended with an error, and is waited for; it may just run once more."""
    ended = container.state if container.state.phase is Phase.TERMINATED else container.last_state
    return ended.phase is Phase.TERMINATED and ended.exit_code not in (None, 0)


def describe_state(target: Target, now: datetime) -> str:
    state, last = target.container.state, target.container.last_state
    match state.phase:
        case Phase.TERMINATED:
            return f"it {_ended(state, now)}"
        case Phase.WAITING:
            text = f"it is waiting ({state.reason or 'no reason given'})"
            if state.message and state.reason != "CrashLoopBackOff":
                text += f": {_waits_for(target.container)}"
            return text + (f"; it last {_ended(last, now)}" if last.phase is Phase.TERMINATED else "")
        case _:
            waits = next(
                (
                    c.get("message", "")
                    for c in target.pod.conditions
                    if c.get("type") == "PodScheduled" and c.get("status") == "False"
                ),
                "",
            )
            return f"the pod is {target.pod.phase}" + (f" ({shortened(waits)})" if waits else "")


def _waits_for(container: Container) -> str:
    why, image = summary(container.state.message), one_line(str(container.spec.get("image") or ""))
    return f"{image}: {why}" if image and container.state.reason in PULL_REASONS and image not in why else why


def _ended(state: State, now: datetime) -> str:
    when = f" {age(now - state.finished_at)} ago" if state.finished_at else ""
    return f"exited with code {state.exit_code} ({state.reason or 'no reason given'}){when}"


def nearest(name: str, names: Sequence[str], most: int = 2) -> list[str]:
    """Suggestions for a mistyped name, best first: similar names, then those that start with `name`.

    The stem of a pod's name counts as well (web of web-6d4f9-x7k2p), since nobody types the generated rest.
    """
    by_stem: dict[str, list[str]] = {}
    for one in names:
        for stem in {one, one.rpartition("-")[0], one.rpartition("-")[0].rpartition("-")[0]} - {""}:
            by_stem.setdefault(stem, []).append(one)
    alike = [one for stem in difflib.get_close_matches(name, by_stem, n=most) for one in by_stem[stem]]
    begins = [n for n in names if n.startswith(name)]
    return list(dict.fromkeys([*alike, *begins]))[:most]
