"""Adds a debug container and waits until it runs, or reports why it will not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.commands.session.plan import Plan, debug_container
from kubectl_dshell.domain.access.target import where
from kubectl_dshell.domain.debug_container.end_message import EndReason, parse_end_message
from kubectl_dshell.domain.debug_container.spec import LEASE_SECONDS, environment
from kubectl_dshell.domain.pod.pod import Json, Phase, Pod, State, parse_pod
from kubectl_dshell.domain.pod.start_failure import StartMonitor, describe
from kubectl_dshell.errors import NotFound, TimedOut

if TYPE_CHECKING:
    from kubectl_dshell.commands.ports import Ports

_SILENT_SECONDS = 1.0  # a faster start shows no progress
_EVENTS_EVERY_SECONDS = 2.0


def add(plan: Plan, ports: Ports, *, dry_run: bool = False, first_seconds: int = LEASE_SECONDS) -> tuple[Json, Pod]:
    """The entry and the pod of the response; raises NameTaken, PodNotFound, Forbidden, Unavailable."""
    pod, container = plan.pod, debug_container(plan, ports, first_seconds, sealed=not dry_run)
    answer = ports.cluster.add_ephemeral_container(pod.namespace, pod.name, container, dry_run=dry_run)
    return container, parse_pod(answer)


def start(plan: Plan, timeout: float, ports: Ports, first_seconds: int = LEASE_SECONDS) -> tuple[str, str]:
    """The name of a running debug container, and the ID of the session that it waits `first_seconds` for."""
    container, pod = add(plan, ports, first_seconds=first_seconds)
    wait_until_running(pod, container["name"], plan.wanted.image, timeout, ports)
    return container["name"], environment(container)["DSHELL_STARTER"].split()[0]


def _came_up(state: State) -> bool:
    """Whether it runs, or ran and ended in vain before this client noticed (the session then reports that end)."""
    words = parse_end_message(state.message) if state.phase is Phase.TERMINATED else None
    return state.phase is Phase.RUNNING or (words is not None and words.end is EndReason.NOBODY_CAME)


def wait_until_running(pod: Pod, name: str, image: str, timeout: float, ports: Ports) -> None:
    """Raises TimedOut after `timeout` seconds, with the reason for waiting, and at once if the start is hopeless.

    An entry of that name in a replacement of the pod is not trusted: anybody may have added it.
    """
    watch = StartMonitor(name, image)
    clock, uid = ports.clock, pod.uid
    began = clock.monotonic()
    waits, events, next_events = "", [], began + _EVENTS_EVERY_SECONDS
    try:
        changes = ports.cluster.pod_changes(pod.namespace, pod.name, pod.resource_version, began + timeout)
        for change in changes:
            pod = parse_pod(change) if change is not None else pod
            if pod.uid != uid:
                raise NotFound(f"pod {pod.name} was replaced by another of the same name before {name} started")
            entry = pod.debug_container(name)
            if entry and _came_up(entry.state):
                return
            now = clock.monotonic()
            if now >= next_events:
                events, next_events = (
                    ports.cluster.events(pod.namespace, pod.name, pod.uid),
                    now + _EVENTS_EVERY_SECONDS,
                )
            if hopeless := watch.judge(pod, events):
                raise hopeless
            waits = describe(pod, name, events)
            if now - began >= _SILENT_SECONDS:
                ports.notices.progress(f"{pod.name}: {waits}")
    finally:
        ports.notices.progress("")
    raise TimedOut(
        f"{name} in {pod.name} did not start within {timeout:.0f} s: {waits}",
        f"See why: kubectl describe pod {where(pod)}; wait longer with --timeout 5m",
    )
