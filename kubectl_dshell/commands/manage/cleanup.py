"""`kubectl dshell cleanup`: ends debug containers concurrently, and reports each."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kubectl_dshell.commands.manage.list import existing_pods, list_debug_containers, whose
from kubectl_dshell.commands.manage.probe import ask_holder, fairly, probe
from kubectl_dshell.commands.manage.terminate import LONGEST_SECONDS, terminate
from kubectl_dshell.commands.parallel import each
from kubectl_dshell.domain.debug_container.cleanup_result import CleanupOutcome, CleanupResult, failed, left_to, no_time
from kubectl_dshell.domain.debug_container.staleness import staleness, who_is_in
from kubectl_dshell.domain.debug_container.status import debug_containers
from kubectl_dshell.domain.pod.pod import Phase
from kubectl_dshell.domain.pod.unreadable import parse_pods
from kubectl_dshell.domain.round_robin import by_group
from kubectl_dshell.domain.runtime.words import NEVER_STARTED_REASON
from kubectl_dshell.errors import Forbidden, NotFound, PodNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from kubectl_dshell.commands.parallel import Stop
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.domain.debug_container.status import DebugContainer
    from kubectl_dshell.domain.pod.unreadable import UnreadablePod
    from kubectl_dshell.domain.text.invocation import Invocation

_PROBE_SECONDS = 120.0  # for querying all of them, 16 at a time, with 5 s for each that does not reply
_STALE_SECONDS = 30.0  # for one that nobody is waiting for: the next run tries again


@dataclass(frozen=True, slots=True)
class CleanupRequest:
    """What to end. All conditions must hold; `names` are those of debug containers (POD/NAME too) or pods."""

    names: tuple[str, ...] = ()
    namespace: str | None = None
    selector: str = ""
    stale: bool = False
    mine: bool = False
    older_than: int | None = None
    any_tool: bool = False
    concurrency: int = 16
    deadline: float = math.inf
    """Monotonic time after which nothing more is begun."""
    sure: bool = False
    """Include containers that are in use (-y)."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The containers to end, and those that were selected but will not be ended, with the reason."""

    containers: tuple[DebugContainer, ...]
    settled: tuple[CleanupResult, ...] = ()
    used: tuple[DebugContainer, ...] = ()
    """Those that need confirmation, because clients are in them."""
    unclear: tuple[UnreadablePod, ...] = ()
    """Pods that may contain more."""

    def with_used(self) -> Chosen:
        return replace(self, containers=self.containers + self.used, used=())

    def without_used(self, invocation: Invocation) -> Chosen:
        left = tuple(left_to(container, who_is_in(container), invocation) for container in self.used)
        return replace(self, settled=self.settled + left, used=())


def choose(request: CleanupRequest, ports: Ports) -> Chosen:
    """The debug containers that `request` selects.

    Raises NotFound for a name that is neither a debug container's nor that of a pod with one.
    """
    mine = whose(ports) if request.mine else None
    named, unclear = _named(request, ports)
    found = [s for s in named if mine is None or mine(s)]
    running = [s for s in found if _runs(s)]
    ours = [s for s in running if s.ours or request.any_tool]
    settled = [_settled(s) for s in found if own_names(s) & set(request.names) and s not in ours]
    left_alone = len(running) - len(ours) - sum(s.container.phase is Phase.RUNNING for s in settled)
    if left_alone and not request.mine:
        ports.notices.notice(f"skipped {left_alone} created by other tools (--any-tool ends them too)")
    chosen = (
        _stale(_old(ours, request, ports), request, ports)
        if request.stale
        else Chosen(tuple(_old(ours, request, ports)))
    )
    chosen = replace(chosen, settled=(*settled, *chosen.settled), unclear=tuple(unclear))
    return chosen if request.stale or request.sure else _used_apart(chosen, request, ports)


def _used_apart(chosen: Chosen, request: CleanupRequest, ports: Ports) -> Chosen:
    """Query the holders for clients: a whole team may share one user."""
    asked = tuple(probe(chosen.containers, ports, request.concurrency, _probe_seconds(request, ports)))
    return replace(
        chosen,
        containers=tuple(s for s in asked if not who_is_in(s)),
        used=tuple(s for s in asked if who_is_in(s)),
    )


def _probe_seconds(request: CleanupRequest, ports: Ports) -> float:
    return min(_PROBE_SECONDS, (request.deadline - ports.clock.monotonic()) / 3)


def _named(request: CleanupRequest, ports: Ports) -> tuple[list[DebugContainer], list[UnreadablePod]]:
    names = request.names
    unclear: list[UnreadablePod] = []
    try:
        # Without names only running ones matter; a user who may add entries may have added very many.
        found, unclear = list_debug_containers(
            request.namespace, ports, request.selector, lambda s: bool(names) or _runs(s)
        )
    except Forbidden:
        # a user who may not list pods may still get those that are named
        if not names or request.namespace is None or request.selector:
            raise
        try:
            pods = list(existing_pods(request.namespace, sorted({n.partition("/")[0] for n in names}), ports))
        except PodNotFound:
            pods = []
        if not pods:
            raise
        found = [s for pod in parse_pods(pods, unclear.append) for s in debug_containers(pod)]
    unclear = [one for one in unclear if not names or any(_may_be_in(one, name) for name in names)]
    unknown = [
        n
        for n in names
        if not any(n in {s.pod, *own_names(s)} for s in found) and not any(_may_be_in(one, n) for one in unclear)
    ]
    if unknown:
        where = f"namespace {request.namespace}" if request.namespace else "any namespace"
        where += f" with {request.selector}" if request.selector else ""
        raise NotFound(
            f"no debug containers found for {', '.join(unknown)} in {where}",
            f"List them with: {_list_command(request, ports)}",
        )
    return [s for s in found if not names or {s.pod, *own_names(s)} & set(names)], unclear


def _list_command(request: CleanupRequest, ports: Ports) -> str:
    where = () if request.namespace else ("-A",)
    return ports.invocation.command("ls", *where, namespace=request.namespace)


def _may_be_in(unclear: UnreadablePod, name: str) -> bool:
    """Whether `name` is that of this pod, or of something in it."""
    return name.startswith((f"{unclear.pod}/", f"{unclear}/")) or name == unclear.pod


def _runs(container: DebugContainer) -> bool:
    """Whether there is something to end, or a copy of a pod to delete."""
    return container.phase is Phase.RUNNING or (container.is_copy and container.ours)


def own_names(container: DebugContainer) -> set[str]:
    """The names for it: its own, and the forms that `ls -o name` prints."""
    name = f"{container.pod}/{container.name}"
    return {container.name, name, f"{container.namespace}/{name}"}


def _settled(container: DebugContainer) -> CleanupResult:
    if container.phase is Phase.TERMINATED:
        return CleanupResult(
            container, CleanupOutcome.ALREADY_ENDED, container.state.removeprefix("ended ").strip("()")
        )
    if container.phase is Phase.WAITING and container.waiting_reason == NEVER_STARTED_REASON:
        return CleanupResult(container, CleanupOutcome.ALREADY_ENDED, f"it never started: {NEVER_STARTED_REASON}")
    if container.phase is not Phase.RUNNING:
        return failed(container, f"it has no processes yet: {container.state}")
    return failed(container, "it was not created by dshell (--any-tool ends it too)")


def _old(running: Sequence[DebugContainer], request: CleanupRequest, ports: Ports) -> list[DebugContainer]:
    """Those older than --older-than, in a fair order."""
    now, oldest = ports.clock.now(), request.older_than
    old = (
        s
        for s in running
        if oldest is None or (s.started_at is not None and (now - s.started_at).total_seconds() > oldest)
    )
    return fairly(old, ports)


def _stale(old: Sequence[DebugContainer], request: CleanupRequest, ports: Ports) -> Chosen:
    now = ports.clock.now()
    asked = list(probe(old, ports, request.concurrency, _probe_seconds(request, ports)))
    unasked = [s for s in asked if s.unasked]
    unknown = [s for s in asked if s.ours and s.live is None and not s.lost and not s.unasked]
    if unknown:
        ports.notices.notice(
            f"skipped {len(unknown)} ({by_group(s.namespace for s in unknown)}): could not determine whether they "
            "are in use (no answer, or no permission to create pods/exec)"
        )
    # other tools' containers can be judged by their age only
    stale = (s for s in asked if not s.unasked and staleness(s, now, None if s.ours else request.older_than))
    return Chosen(tuple(stale), tuple(no_time(s, "check whether it is in use") for s in unasked))


def end_all(
    chosen: Sequence[DebugContainer], request: CleanupRequest, ports: Ports, record: Callable[[CleanupResult], None]
) -> Generator[CleanupResult]:
    """End them, and yield each result as it completes. `record` gets every result, even after a signal."""
    seconds = _STALE_SECONDS if request.stale else LONGEST_SECONDS

    def work(container: DebugContainer, stop: Stop) -> CleanupResult:
        now = ports.clock.monotonic()
        deadline = min(request.deadline, now + seconds)
        if stop.is_set():
            ending = CleanupResult(container, CleanupOutcome.INTERRUPTED)
        elif deadline <= now:
            ending = no_time(container, "end it")
        elif users := _came_meanwhile(container, request, ports, stop):
            ending = left_to(container, users, ports.invocation)
        else:
            ending = terminate(container, ports, stop, deadline - ports.clock.monotonic())
        record(ending)
        return ending

    for _, ending in each(chosen, work, request.concurrency):
        yield ending


def _came_meanwhile(container: DebugContainer, request: CleanupRequest, ports: Ports, stop: Stop) -> str:
    """The clients that have arrived since the container was queried, which may be minutes ago."""
    if (
        not container.ours
        or container.phase is not Phase.RUNNING
        or request.sure
        or (who_is_in(container) and not request.stale)
    ):
        return ""
    now = ask_holder(container, ports, stop)
    if not request.stale:
        return who_is_in(now)
    return "" if now.live is None or staleness(now, ports.clock.now()) else who_is_in(now) or "kept"
