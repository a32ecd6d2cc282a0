"""Why a session ended unexpectedly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.domain.debug_container.end_message import EndReason, parse_end_message
from kubectl_dshell.domain.debug_container.spec import LEASE_SECONDS
from kubectl_dshell.domain.pod.pod import Json, Phase, Pod, State, parse_pod
from kubectl_dshell.domain.pod.start_failure import StartMonitor
from kubectl_dshell.domain.runtime.sandbox import bars
from kubectl_dshell.domain.stream import KILLED
from kubectl_dshell.domain.text.bounds import one_line, shortened
from kubectl_dshell.domain.text.duration import duration
from kubectl_dshell.errors import ApiError, ConnectionLost, DshellError, Forbidden, NotFound, PodNotFound, Unavailable

if TYPE_CHECKING:
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.session.plan import Plan

_STATUS_SECONDS = 3.0  # the kubelet notices an end within its relist period of 1 s


class StarterMissed(Unavailable):
    """A debug container that ended while waiting for this client: nothing of the session was run."""


class SessionLapsed(ConnectionLost):
    """The session was ended after its client's silence: there is nothing to come back to."""


def explain_end(plan: Plan, name: str, retry_command: str, otherwise: str, ports: Ports) -> DshellError:
    """The recorded end of the debug container `name`; `otherwise` is the message if the pod records none."""
    return recorded_end(plan, name, retry_command, ports) or Unavailable(otherwise, f"Retry with: {retry_command}")


def never_began(plan: Plan, name: str, retry_command: str, why: str, ports: Ports, *, source: str = "") -> DshellError:
    """The end of a new debug container before anything ran in it; `why`: the node's message, if any.

    `source`: the pod with the app, where `plan` is of a copy.
    """
    ended = f"the debug container {name} ended before the session began"
    recorded = recorded_end(plan, name, retry_command, ports, source=source)
    return recorded or _missed(plan, ended, f": {why}" if why else "", retry_command, ports, source)


def _missed(plan: Plan, ended: str, why: str, retry_command: str, ports: Ports, source: str) -> Unavailable:
    """A StarterMissed, unless the runtime is known to let no session begin: then another one would be missed, too."""
    barred = bars(plan.pod.runtime_class)
    if not barred:
        return StarterMissed(f"{ended}{why}", f"Retry with: {retry_command}")
    pod, app = source or plan.pod.name, plan.target.container.name
    image = plan.wanted.tools_image or plan.wanted.image
    debug = ports.invocation.kubectl_debug(plan.pod.namespace, pod, app, image)
    return Unavailable(f"{ended}: {barred}", f"See the app's files as root, in /proc/PID/root: {debug}")


def lapsed(name: str, seconds: float, retry_command: str) -> SessionLapsed:
    """The end of a session whose client was stopped, asleep or cut off for `seconds`."""
    return SessionLapsed(
        f"this session in {name} was ended after {LEASE_SECONDS} s without a client: "
        f"this client was silent for {duration(round(seconds))} (stopped, asleep, or cut off?)",
        f"Retry with: {retry_command}",
    )


def recorded_end(plan: Plan, name: str, retry_command: str, ports: Ports, *, source: str = "") -> DshellError | None:
    """The same, but None if the pod records nothing; `source` as of `never_began`."""
    try:
        raw, pod = _settled(plan, name, ports)
    except PodNotFound:
        return NotFound(f"pod {plan.pod.name} was deleted, which ended this session")
    except (ApiError, Forbidden):  # without a look at the pod, nothing is known
        return None
    debug = pod.debug_container(name)
    state = debug.state if debug else State()
    words = parse_end_message(state.message) if state.phase is Phase.TERMINATED else None
    if state.exit_code not in (None, 0, KILLED):
        unfit = StartMonitor(name, architecture=ports.cluster.node_architecture).judge(pod)
        if unfit is not None:
            return unfit
    if words and words.end is EndReason.NOBODY_CAME:
        return _missed(plan, f"the debug container {name} {words.text}", "", retry_command, ports, source)
    if words and words.end is EndReason.SILENCE:
        return ConnectionLost(f"the debug container {name} {words.text}", f"Retry with: {retry_command}")
    if words and words.end is EndReason.OTHER:
        return Unavailable(f"the debug container {name} {words.text}", f"Retry with: {retry_command}")
    return (
        _pod_ended(raw, pod)
        or _app_ended(plan, pod, retry_command)
        or (Unavailable(f"the debug container {name} {words.text}", f"Retry with: {retry_command}") if words else None)
        or _killed(name, state, retry_command)
    )


def _pod_ended(raw: Json, pod: Pod) -> NotFound | None:
    if pod.deleting:
        return NotFound(f"pod {pod.name} is being deleted, which ended this session")
    status = raw.get("status")
    reason, message = (status.get(key) if isinstance(status, dict) else None for key in ("reason", "message"))
    if pod.phase == "Failed" and isinstance(reason, str) and reason:  # Evicted, Preempting, NodeShutdown...
        why = f" ({shortened(one_line(message, 300))})" if isinstance(message, str) and message else ""
        return NotFound(f"the node terminated pod {pod.name}: {one_line(reason)}{why}, which ended this session")
    return None


def _app_ended(plan: Plan, pod: Pod, retry_command: str) -> Unavailable | None:
    app = next((c for c in (*pod.containers, *pod.init) if c.name == plan.target.container.name), None)
    id_ = plan.target.container.id  # empty if it was not joined
    if app is None or not id_ or (app.id == id_ and app.state.phase is Phase.RUNNING):
        return None
    last = app.last_state if app.last_state.phase is Phase.TERMINATED else app.state
    why = ", ".join(x for x in (f"exit code {last.exit_code}" if last.exit_code is not None else "", last.reason) if x)
    happened = "restarted" if app.id != id_ else "ended"
    return Unavailable(
        f"container {app.name} {happened} ({why}), which ended this session", f"Retry with: {retry_command}"
    )


def _killed(name: str, state: State, retry_command: str) -> Unavailable | None:
    if state.reason == "OOMKilled":
        return Unavailable(
            f"the debug container {name} was killed: out of memory (OOMKilled)",
            f"Retry with: {retry_command}",
        )
    return None


def _settled(plan: Plan, name: str, ports: Ports) -> tuple[Json, Pod]:
    """The pod once its status shows the end, or as it is after _STATUS_SECONDS."""
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
