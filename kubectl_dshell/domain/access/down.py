"""Containers that do not run, in a pod that lives: which one is meant, and when it starts again."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from kubectl_dshell.domain.access.target import (
    DEFAULT_CONTAINER,
    Target,
    describe_state,
    down_advice,
    fails,
    refuse_new,
    refuse_pod,
)
from kubectl_dshell.domain.pod.pod import Container, Phase, Pod
from kubectl_dshell.domain.text.bounds import one_line, shortened
from kubectl_dshell.errors import NotFound, Unavailable

if TYPE_CHECKING:
    from datetime import datetime

    from kubectl_dshell.domain.text.invocation import Invocation

_FIRST_BACK_OFF, _LONGEST_BACK_OFF = 10, 300  # seconds; the kubelet doubles it with each restart
_BACK_OFF = re.compile(r"back-off (?:(\d{1,3})m)?(\d{1,3})s restarting", re.ASCII)  # Go's time.Duration


def choose_down(pod: Pod, wanted: str | None, invocation: Invocation) -> Target:
    """The container of `pod` if it need not run: `wanted`, else a failing init container, else one not running.

    Raises NotFound with the reason if there is none, or no debug container can start in the pod.
    """
    refuse_pod(pod, wanted, invocation)
    refuse_new(pod, invocation)
    return choose_any(pod, wanted, down_first=True)


def choose_any(pod: Pod, wanted: str | None, *, down_first: bool) -> Target:
    """The container of `pod` that is meant, whether it runs or not: `wanted`, else an init container that fails.

    Else the annotated default or the first one; with `down_first`, one that does not run before one that does.
    Raises NotFound if there is none.
    """
    there = {one.name: one for one in (*pod.containers, *pod.init)}
    if wanted:
        if wanted in there:
            return Target(pod, there[wanted])
        raise NotFound(f'pod {pod.name} has no container "{wanted}"; available: {shortened(", ".join(there))}')
    if failing := next((one for one in pod.init if fails(one)), None):
        return Target(
            pod, failing, f"defaulted init container {failing.name} of {pod.name}, which fails (choose with -c)"
        )
    if not pod.containers:
        raise NotFound(f"pod {pod.name} has no containers")
    annotated = pod.annotations.get(DEFAULT_CONTAINER)
    default = next((one for one in pod.containers if one.name == annotated), pod.containers[0])
    down = [one for one in (default, *pod.containers) if down_first and one.state.phase is not Phase.RUNNING]
    chosen = (down or [default])[0]
    several = (
        f'defaulted container "{chosen.name}" of {pod.name} out of: {shortened(", ".join(there))} (choose with -c)'
    )
    return Target(pod, chosen, several if len(there) > 1 and chosen.name != annotated else "")


def refuse_never(target: Target, now: datetime, invocation: Invocation) -> None:
    """Raises NotFound if the container has ended and is not started again."""
    pod, container = target.pod, target.container
    if container.state.phase is not Phase.TERMINATED:
        return
    policy, failed = _restart_policy(pod, container), container.state.exit_code != 0
    if policy == "Always" or (policy == "OnFailure" and failed):
        return
    again = f"its restartPolicy is {one_line(policy)}"
    if container in pod.init:
        again = "an init container that has succeeded"
    raise NotFound(
        f"container {container.name} of {pod.name} does not start again: {describe_state(target, now)}, and {again}",
        *down_advice(pod, container, container.name, invocation),
    )


def _restart_policy(pod: Pod, container: Container) -> str:
    """That of the container (KEP-753, KEP-5307), else the pod's; an init container is not repeated after a success."""
    own = container.spec.get("restartPolicy") or pod.spec.get("restartPolicy") or "Always"
    return "OnFailure" if own == "Always" and container in pod.init else str(own)


def expected_start(container: Container) -> datetime | None:
    """When the kubelet's back-off ends, to the second; None if nothing tells.

    The status has it once the kubelet has looked at the pod again, which may be at the end of the back-off only.
    Before, it follows from the number of restarts; an app that had run for 10 minutes starts earlier.
    """
    state, last = container.state, container.last_state
    ended = state if state.phase is Phase.TERMINATED else last
    if ended.finished_at is None or state.phase is Phase.RUNNING:
        return None
    if found := _BACK_OFF.match(state.message):
        return ended.finished_at + timedelta(minutes=int(found[1] or 0), seconds=int(found[2]))
    if state.phase is not Phase.TERMINATED:
        return None
    doubled = _FIRST_BACK_OFF * 2 ** min(container.restarts - 1, 10) if container.restarts else 0
    return ended.finished_at + timedelta(seconds=min(doubled, _LONGEST_BACK_OFF))


def ended_too_soon(target: Target, now: datetime, invocation: Invocation) -> Unavailable:
    """The container has started and ended again before a session could begin in it."""
    pod, container = target.pod, target.container
    return Unavailable(
        f"container {container.name} of {pod.name} ended before a session could begin in it: "
        f"{describe_state(target, now)}",
        *down_advice(pod, container, container.name, invocation),
    )
