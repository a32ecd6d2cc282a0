"""Adds a debug container and waits until it runs, or reports why it will not."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from kubectl_dshell.commands.pending import Pending
from kubectl_dshell.commands.session.plan import Plan, debug_container, no_room
from kubectl_dshell.domain.access.target import where
from kubectl_dshell.domain.debug_container.admission import privilege_changes
from kubectl_dshell.domain.debug_container.entries import MANY, cost
from kubectl_dshell.domain.debug_container.spec import LEASE_SECONDS, starter
from kubectl_dshell.domain.pod.pod import Json, Phase, Pod, State, parse_pod
from kubectl_dshell.domain.pod.start_failure import StartMonitor, describe
from kubectl_dshell.errors import (
    DryRunUnsupported,
    DshellError,
    Forbidden,
    NotFound,
    PodTooLarge,
    TimedOut,
    Unavailable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_dshell.commands.ports import ExecCheck, Ports
    from kubectl_dshell.domain.debug_container.spec import DebugSpec

_SILENT_SECONDS = 1.0  # a faster start shows no progress
_EVENTS_EVERY_SECONDS = 2.0
_SYNC_SECONDS = 16.0  # the kubelet looks at a pod that does not start every 10 to 15 s


class Additions:
    """What one run adds to its pod: nothing until the exec check has passed."""

    def __init__(self, check: ExecCheck, ports: Ports) -> None:
        """`check`: of the execs of its sessions."""
        self._ports = ports
        self._check: ExecCheck | None = check
        self._added = ""
        self._rehearsed: DebugSpec | None = None

    def add(self, plan: Plan, *, dry_run: bool = False, first_seconds: int = LEASE_SECONDS) -> tuple[Json, Pod]:
        """The entry and the pod of the response; raises NameTaken, PodTooLarge, PodNotFound, Forbidden, Unavailable."""
        pod, container = plan.pod, debug_container(plan, self._ports, first_seconds, sealed=not dry_run)
        self._await_check(pod)
        if dry_run:
            return container, parse_pod(self._rehearse(plan, container))
        _say_cost(plan, self._ports)
        if plan.privilege.is_more and plan.wanted != self._rehearsed:
            with suppress(DryRunUnsupported):
                self._rehearse(plan, container)
        with self._claimed(pod, Forbidden, PodTooLarge):
            answer = self._patch(plan, container)
        self._added = container["name"]
        return container, parse_pod(answer)

    def rehearse(self, plan: Plan) -> None:
        """Like `add`, but adds nothing. Raises DryRunUnsupported if the cluster does not answer."""
        self._await_check(plan.pod)
        self._rehearse(plan, debug_container(plan, self._ports, sealed=False))

    def start(
        self, plan: Plan, timeout: float, first_seconds: int = LEASE_SECONDS, *, ahead: bool = True
    ) -> tuple[str, str, Pod]:
        """The name of a running debug container, the ID of the session it waits `first_seconds` for, and its pod.

        `ahead`: the pod is watched from before the patch on, which takes a thread and saves a round trip.
        """
        changes = self._changes(plan.pod, timeout, ahead=ahead)
        container, pod = self.add(plan, first_seconds=first_seconds)
        pod = wait_until_running(pod, container["name"], timeout, self._ports, changes)
        return container["name"], starter(container), pod

    def _changes(self, pod: Pod, timeout: float, *, ahead: bool) -> Iterator[Json | None]:
        return (_watched_already if ahead else _changes)(pod, timeout, self._ports)

    def _await_check(self, pod: Pod) -> None:
        if self._check is not None:
            with self._claimed(pod, Forbidden, Unavailable):
                self._check.verdict()
            self._check = None

    def _rehearse(self, plan: Plan, container: Json) -> Json:
        """Raises Forbidden if admission would give another privilege than was asked for: the name would be spent."""
        with self._claimed(plan.pod, Forbidden, Unavailable):
            answer = self._patch(plan, container, dry_run=True)
            stored = parse_pod(answer).debug_container(container["name"])
            if plan.privilege.is_more and (changes := privilege_changes(container, stored.spec if stored else {})):
                raise Forbidden(
                    "the cluster's admission would give the debug container other privileges than were asked for:\n"
                    + "\n".join(f"  {change}" for change in changes),
                    "A cluster administrator can exempt it.",
                )
        self._rehearsed = plan.wanted
        return answer

    def _patch(self, plan: Plan, container: Json, *, dry_run: bool = False) -> Json:
        pod, ports = plan.pod, self._ports
        try:
            return ports.cluster.add_ephemeral_container(pod.namespace, pod.name, container, dry_run=dry_run)
        except PodTooLarge as error:  # the cluster stores less than most, or others were faster
            raise no_room(plan, ports, error.message) from error

    @contextmanager
    def _claimed(self, pod: Pod, *refusals: type[DshellError]) -> Iterator[None]:
        """Have one of `refusals`, which add nothing themselves, say what this run has added to the pod so far."""
        try:
            yield
        except refusals as error:
            error.aftermath = "Nothing was added to the pod."
            if self._added:
                ends = f"it has ended, or ends within {LEASE_SECONDS} s"
                error.aftermath = f"{self._added} was added to {pod.name} before; {ends}."
            raise


def _say_cost(plan: Plan, ports: Ports) -> None:
    """At a terminal each time; in the log of a script only now and then."""
    number = len(plan.pod.ephemeral)
    if number >= MANY:
        say = ports.notices.identity if number % MANY else ports.notices.notice
        say(cost(plan.pod, plan.pod_bytes))


def _came_up(state: State) -> bool:
    """Whether it runs, or ran and has ended since: its holder said why, and the session then reports that end."""
    ended = state.phase is Phase.TERMINATED and state.message.startswith("ended ")
    return state.phase is Phase.RUNNING or ended


def _waiting(pod: Pod, name: str) -> State | None:
    entry = pod.debug_container(name)
    return entry.state if entry and entry.state.phase is Phase.WAITING and not pod.deleting else None


def _changes(pod: Pod, timeout: float, ports: Ports) -> Iterator[Json | None]:
    deadline = ports.clock.monotonic() + timeout
    return ports.cluster.pod_changes(pod.namespace, pod.name, pod.resource_version, deadline)


def _watched_already(pod: Pod, timeout: float, ports: Ports) -> Iterator[Json | None]:
    """The changes of the pod from now on, whoever looks at them when."""
    changes = _changes(pod, timeout, ports)
    first = Pending(lambda: next(changes, None))

    def all_of_them() -> Iterator[Json | None]:
        yield first.result()
        yield from changes

    return all_of_them()


def wait_until_running(
    pod: Pod, name: str, timeout: float, ports: Ports, changes: Iterator[Json | None] | None = None
) -> Pod:
    """The pod in which it has started. `changes`: of the pod, if they are watched already.

    Raises TimedOut after `timeout` seconds, with the reason for waiting, and at once if the start is hopeless. What an
    existing one waited for before may be over: it counts only if the kubelet's next look at the pod finds the same.

    An entry of that name in a replacement of the pod is not trusted: anybody may have added it.
    """
    watch = StartMonitor(name, architecture=ports.cluster.node_architecture)
    clock, uid, before = ports.clock, pod.uid, _waiting(pod, name)
    began = clock.monotonic()
    waits, events, next_events = "", [], began + _EVENTS_EVERY_SECONDS
    hopeless: DshellError | None = None
    try:
        for change in changes or _changes(pod, timeout, ports):
            news = change is not None or not waits
            pod = parse_pod(change) if change is not None else pod
            if pod.uid != uid:
                raise NotFound(f"pod {pod.name} was replaced by another of the same name before {name} started")
            entry = pod.debug_container(name)
            if entry and _came_up(entry.state):
                return pod
            now = clock.monotonic()
            if now >= next_events:
                events = ports.cluster.events(pod.namespace, pod.name, pod.uid)
                next_events, news = now + _EVENTS_EVERY_SECONDS, True
            if news:
                hopeless, waits = watch.judge(pod, events), describe(pod, name, events)
            if hopeless and (now - began >= _SYNC_SECONDS or before is None or _waiting(pod, name) != before):
                raise hopeless
            if now - began >= _SILENT_SECONDS:
                ports.notices.progress(f"{pod.name}: {waits}")
    finally:
        ports.notices.progress("")
    raise _too_late(pod, f"{name} in {pod.name} did not start within {timeout:.0f} s: {waits}".rstrip(": "))


def _too_late(pod: Pod, message: str) -> TimedOut:
    longer = "wait longer with --timeout 5m"  # a copy is deleted, and cannot be described
    return TimedOut(
        message, longer.capitalize() if pod.is_copy else f"See why: kubectl describe pod {where(pod)}; {longer}"
    )
