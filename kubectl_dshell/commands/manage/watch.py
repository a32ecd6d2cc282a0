"""`kubectl dshell ls --watch`: the list and its changes, until the user stops it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kubectl_dshell.commands.manage.list import existing_pods, resolved
from kubectl_dshell.commands.manage.probe import fairly, probe
from kubectl_dshell.domain.debug_container.change import Change, ChangeKind, ListUpdate
from kubectl_dshell.domain.debug_container.listing import ListedContainer, ListFilter, sorted_by
from kubectl_dshell.domain.debug_container.status import DebugContainer, debug_containers
from kubectl_dshell.domain.pod.pod import Phase, called
from kubectl_dshell.domain.pod.unreadable import UnreadablePod, parse_pods, told
from kubectl_dshell.domain.pod.watch_event import Happened, PodEvent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from kubectl_dshell.commands.manage.list import ListRequest
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.domain.pod.container_ref import ContainerRef
    from kubectl_dshell.domain.pod.pod import Json

ASK_SECONDS = 10.0
"""How often holders are queried for their clients: no pod changes when a client comes or goes."""
NEW_SECONDS = 0.5
"""How long newly started containers wait to be queried together."""
_MOST_UNCLEAR = 1000  # malformed pods that are remembered as reported


def watch_chosen(request: ListRequest, ports: Ports) -> Iterator[ListUpdate]:
    """First all selected containers as ADDED, in order; then the changes, possibly none, about twice a second."""
    request = resolved(request, ports)
    names, namespace = sorted(request.choice.pods), request.namespace
    if names and namespace:
        list(existing_pods(namespace, names, ports))  # a wrong name would be watched forever
    board = _ListState(request.choice, ports, ask=request.ask)
    alone = names[0] if len(names) == 1 else ""
    first = True
    for event in ports.debugged.watch_debugged(namespace, request.selector, alone):
        board.note(event)
        if board.listing:
            continue
        board.ask_holders()
        changes = board.changes()
        yield ListUpdate(_ordered(changes, request) if first else changes, board.ended())
        first = False


def _ordered(changes: list[Change], request: ListRequest) -> list[Change]:
    return [Change(ChangeKind.ADDED, one) for one in sorted_by((c.listed for c in changes), request.sort_by)]


class _ListState:
    """The current containers, and those last reported."""

    def __init__(self, choice: ListFilter, ports: Ports, *, ask: bool) -> None:
        self._choice, self._ports, self._ask = choice, ports, ask
        self.listing = False
        """Whether a list is incomplete."""
        self._known: dict[ContainerRef, DebugContainer] = {}
        self._before: dict[ContainerRef, DebugContainer] = {}
        self._told: dict[ContainerRef, ListedContainer] = {}
        self._unasked: set[ContainerRef] = set()
        self._asked_at = self._asked_all_at = -ASK_SECONDS
        self._lost = False
        self._unclear: set[tuple[str, str]] = set()

    def note(self, event: PodEvent | None) -> None:
        if event is None:
            return
        match event.happened:
            case Happened.LISTED:
                if event.first:
                    self._before, self._known = self._before if self.listing else self._known, {}
                self._add(event.pods, self._before)
                self.listing = not event.last
            case Happened.CHANGED | Happened.DELETED:
                pods = {called(pod) for pod in event.pods}
                before = {key: self._known.pop(key) for key in list(self._known) if (key.namespace, key.pod) in pods}
                self._add(event.pods if event.happened is Happened.CHANGED else (), before)
            case Happened.LOST | Happened.RESUMED:
                pass
        self._say(event)

    def _add(self, pods: Iterable[Json], before: dict[ContainerRef, DebugContainer]) -> None:
        for container in (s for pod in parse_pods(pods, self._note_unclear) for s in debug_containers(pod)):
            key = container.ref
            was = before.get(key)
            runs = container.phase is Phase.RUNNING
            self._known[key] = replace(container, live=was.live, lost=was.lost) if was and runs else container
            # Most changes of a pod do not concern this container.
            if runs and (was is None or was.phase is not Phase.RUNNING):
                self._unasked.add(key)

    def _note_unclear(self, unclear: UnreadablePod) -> None:
        """Warn once for each pod: later changes rarely make it well-formed."""
        if (str(unclear), unclear.why) not in self._unclear and len(self._unclear) < _MOST_UNCLEAR:
            self._unclear.add((str(unclear), unclear.why))
            self._ports.notices.warn(told([unclear]))

    def _say(self, event: PodEvent) -> None:
        if event.happened is Happened.LOST:
            self._lost = True
            self._ports.notices.warn(f"{event.why}; retrying")
        elif self._lost and not self.listing:
            self._lost = False
            self._ports.notices.warn("reconnected to the API server")

    def ask_holders(self) -> None:
        """Query new containers at once, and all of them from time to time."""
        now = self._ports.clock.monotonic()
        everybody = now - self._asked_all_at >= ASK_SECONDS
        if not self._ask or self._lost or not (everybody or now - self._asked_at >= NEW_SECONDS):
            return
        may_want = self._choice.may_want
        wanted = [one for key, one in self._known.items() if (everybody or key in self._unasked) and may_want(one)]
        self._unasked.clear()
        asked = probe(fairly(wanted, self._ports), self._ports, seconds=ASK_SECONDS)
        self._known |= {one.ref: one for one in asked}
        self._asked_at = self._ports.clock.monotonic()
        self._asked_all_at = self._asked_at if everybody else self._asked_all_at

    def changes(self) -> list[Change]:
        """The differences from the last report."""
        now = self._ports.clock.now()
        wanted = self._wanted(now)
        gone = [self._gone(key, listed, now) for key, listed in self._told.items() if key not in wanted]
        changed = [
            Change(ChangeKind.MODIFIED if key in self._told else ChangeKind.ADDED, listed)
            for key, listed in wanted.items()
            if key not in self._told or _differ(listed, self._told[key])
        ]
        self._told = wanted
        return gone + changed

    def ended(self) -> int:
        return sum(map(self._choice.leaves_out, self._known.values()))

    def _wanted(self, now: datetime) -> dict[ContainerRef, ListedContainer]:
        listed = ((key, self._choice.judge(container, now)) for key, container in self._known.items())
        return {key: one for key, one in listed if self._choice.wants(one, now)}

    def _gone(self, key: ContainerRef, told: ListedContainer, now: datetime) -> Change:
        known = self._known.get(key)
        if known is None:
            return Change(ChangeKind.DELETED, told, gone=True)
        return Change(ChangeKind.DELETED, self._choice.judge(known, now))


def _differ(one: ListedContainer, other: ListedContainer) -> bool:
    if one.container is other.container and one.stale == other.stale:  # as it nearly always is
        return False
    return _essence(one) != _essence(other)


def _essence(listed: ListedContainer) -> tuple[object, ...]:
    """Everything except the values that change every second."""
    live = listed.container.live
    return replace(listed.container, live=None, unasked=False), live and (live.clients, bool(live.kept)), listed.stale
