"""Why a session ended that nobody here ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.domain.pod import Phase, Pod, parse_pod
from kubectl_dshell.domain.session import said
from kubectl_dshell.domain.waiting import StartWatch
from kubectl_dshell.errors import ApiError, DshellError, NoTarget, StartFailed

if TYPE_CHECKING:
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.prepare import Plan

_KILLED = 137
_STATUS_SECONDS = 3.0  # the kubelet notices an end within its relist period of 1 s


def explain_end(plan: Plan, name: str, again: str, otherwise: str, ports: Ports) -> DshellError:
    """What the pod says of the end of the debug container `name`; `otherwise` is the message where it says nothing."""
    try:
        pod = _settled(plan, name, ports)
    except (NoTarget, ApiError):
        return NoTarget(f"pod {plan.pod.name} was deleted, which ended this session")
    if pod.deleting:
        return NoTarget(f"pod {pod.name} is being deleted, which ended this session")
    app = next((c for c in (*pod.containers, *pod.init) if c.name == plan.target.container.name), None)
    if (app and app.id != plan.target.container.id) or (app and app.state.phase is not Phase.RUNNING):
        last = app.last_state if app.last_state.phase is Phase.TERMINATED else app.state
        why = ", ".join(
            x for x in (f"exit code {last.exit_code}" if last.exit_code is not None else "", last.reason) if x
        )
        happened = "restarted" if app.id != plan.target.container.id else "ended"
        return StartFailed(
            f"the app container {app.name} {happened} ({why}), which ended this session",
            f"Again: {again}",
        )
    debug = pod.debug_container(name)
    if debug and debug.state.exit_code not in (None, 0, _KILLED):
        unfit = StartWatch(name, plan.wanted.image).judge(pod)
        if unfit is not None:
            return unfit
    why = said(debug.state.message.strip()) if debug else ""
    if why:
        return StartFailed(f"the debug container {why}", f"Again: {again}")
    return StartFailed(otherwise, f"Again: {again}")


def _settled(plan: Plan, name: str, ports: Ports) -> Pod:
    """The pod once its status shows the end, or as it is after a moment."""
    deadline = ports.clock.monotonic() + _STATUS_SECONDS
    raw = ports.cluster.get_pod(plan.pod.namespace, plan.pod.name)
    pod = parse_pod(raw)
    changes = ports.cluster.pod_changes(pod.namespace, pod.name, pod.resource_version, deadline)
    while not _ended(pod, name):
        change = next(changes, raw)
        if change is raw:
            break
        pod = parse_pod(change) if change is not None else pod
    return pod


def _ended(pod: Pod, name: str) -> bool:
    debug = pod.debug_container(name)
    return debug is None or debug.state.phase is Phase.TERMINATED or pod.deleting
