"""Why a session ended that nobody here ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.domain.debug_container.end_message import End, last_words
from kubectl_dshell.domain.debug_container.spec import LEASE_SECONDS
from kubectl_dshell.domain.pod.pod import Json, Phase, Pod, State, parse_pod
from kubectl_dshell.domain.pod.start_failure import StartWatch
from kubectl_dshell.domain.text.bounds import one_line, shortened
from kubectl_dshell.domain.text.duration import duration
from kubectl_dshell.errors import ApiError, ConnectionLost, DshellError, NoTarget, StartFailed

if TYPE_CHECKING:
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.session.plan import Plan

_KILLED = 137
_STATUS_SECONDS = 3.0  # the kubelet notices an end within its relist period of 1 s


class NobodyCame(StartFailed):
    """A debug container that waited for this client and ended before it came: nothing of the session was run."""


def explain_end(plan: Plan, name: str, again: str, otherwise: str, ports: Ports) -> DshellError:
    """What the pod says of the end of the debug container `name`; `otherwise` is the message where it says nothing."""
    return told_end(plan, name, again, ports) or StartFailed(otherwise, f"Again: {again}")


def lapsed(name: str, seconds: float, again: str) -> ConnectionLost:
    """The end of a session whose client was away: stopped, asleep, or cut off, for `seconds`."""
    return ConnectionLost(
        f"this session in {name} was ended after {LEASE_SECONDS} s without a client: "
        f"for {duration(round(seconds))} nothing was heard from here (stopped, asleep, or cut off?)",
        f"Again: {again}",
    )


def told_end(plan: Plan, name: str, again: str, ports: Ports) -> DshellError | None:
    """The same; None where the pod says nothing."""
    try:
        raw, pod = _settled(plan, name, ports)
    except (NoTarget, ApiError):
        return NoTarget(f"pod {plan.pod.name} was deleted, which ended this session")
    debug = pod.debug_container(name)
    state = debug.state if debug else State()
    words = last_words(state.message) if state.phase is Phase.TERMINATED else None
    if state.exit_code not in (None, 0, _KILLED):
        unfit = StartWatch(name, plan.wanted.image).judge(pod)
        if unfit is not None:
            return unfit
    if words and words.end is End.NOBODY_CAME:
        return NobodyCame(f"the debug container {name} {words.text}", f"Again: {again}")
    if words and words.end is End.SILENCE:
        return ConnectionLost(f"the debug container {name} {words.text}", f"Again: {again}")
    if words and words.end is End.OTHER:
        return StartFailed(f"the debug container {words.text}", f"Again: {again}")
    return (
        _pod_ended(raw, pod)
        or _app_ended(plan, pod, again)
        or (StartFailed(f"the debug container {name} {words.text}", f"Again: {again}") if words else None)
        or _killed(name, state, again)
    )


def _pod_ended(raw: Json, pod: Pod) -> NoTarget | None:
    if pod.deleting:
        return NoTarget(f"pod {pod.name} is being deleted, which ended this session")
    status = raw.get("status")
    reason, message = (status.get(key) if isinstance(status, dict) else None for key in ("reason", "message"))
    if pod.phase == "Failed" and isinstance(reason, str) and reason:  # Evicted, Preempting, NodeShutdown...
        why = f" ({shortened(one_line(message, 300))})" if isinstance(message, str) and message else ""
        return NoTarget(f"the node ended pod {pod.name}: {one_line(reason)}{why}, which ended this session")
    return None


def _app_ended(plan: Plan, pod: Pod, again: str) -> StartFailed | None:
    app = next((c for c in (*pod.containers, *pod.init) if c.name == plan.target.container.name), None)
    if app is None or (app.id == plan.target.container.id and app.state.phase is Phase.RUNNING):
        return None
    last = app.last_state if app.last_state.phase is Phase.TERMINATED else app.state
    why = ", ".join(x for x in (f"exit code {last.exit_code}" if last.exit_code is not None else "", last.reason) if x)
    happened = "restarted" if app.id != plan.target.container.id else "ended"
    return StartFailed(f"the app container {app.name} {happened} ({why}), which ended this session", f"Again: {again}")


def _killed(name: str, state: State, again: str) -> StartFailed | None:
    if state.reason == "OOMKilled":
        return StartFailed(
            f"the debug container {name} was killed: there was no memory left for it (OOMKilled)",
            f"Again: {again}",
        )
    return None


def _settled(plan: Plan, name: str, ports: Ports) -> tuple[Json, Pod]:
    """The pod once its status shows the end, or as it is after a moment."""
    deadline = ports.clock.monotonic() + _STATUS_SECONDS
    raw = ports.cluster.get_pod(plan.pod.namespace, plan.pod.name)
    pod = parse_pod(raw)
    changes = ports.cluster.pod_changes(pod.namespace, pod.name, pod.resource_version, deadline)
    while not _ended(pod, name):
        change = next(changes, raw)
        if change is raw:
            break
        if change is not None:
            raw, pod = change, parse_pod(change)
    return raw, pod


def _ended(pod: Pod, name: str) -> bool:
    debug = pod.debug_container(name)
    return debug is None or debug.state.phase is Phase.TERMINATED or pod.deleting
