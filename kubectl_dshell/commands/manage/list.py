"""`kubectl dshell ls`: the debug containers of a namespace, of all namespaces, or of some pods."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from kubectl_dshell.commands.manage.probe import fairly, probe
from kubectl_dshell.domain.debug_container.listing import ListedContainer, ListFilter, SortKey, sorted_by
from kubectl_dshell.domain.debug_container.seal import is_mine
from kubectl_dshell.domain.debug_container.spec import LEASE_SECONDS
from kubectl_dshell.domain.debug_container.status import DebugContainer, debug_containers
from kubectl_dshell.domain.pod.unreadable import UnreadablePod, parse_pods, told
from kubectl_dshell.domain.runtime.words import NO_IMAGE_REASONS
from kubectl_dshell.domain.text.bounds import one_line
from kubectl_dshell.errors import BadConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.domain.pod.pod import Json

ASK_SECONDS = 60.0
"""The time for querying all holders for their clients; containers not queried by then are shown without."""


@dataclass(frozen=True, slots=True)
class ListRequest:
    """What to list. A namespace of `None` means all; `ask`: whether to query holders for their clients."""

    namespace: str | None
    selector: str = ""
    choice: ListFilter = field(default_factory=ListFilter)
    mine: bool = False
    sort_by: SortKey | None = None
    ask: bool = True


def list_debug_containers(
    namespace: str | None,
    ports: Ports,
    selector: str = "",
    wanted: Callable[[DebugContainer], bool] = lambda _session: True,
) -> tuple[list[DebugContainer], list[UnreadablePod]]:
    """The `wanted` debug containers of any tool in the pods that match a selector, without querying holders.

    Also returns the malformed pods.
    """
    unclear: list[UnreadablePod] = []
    pods = parse_pods(ports.debugged.list_debugged(namespace, selector), unclear.append)
    found = [container for pod in pods for container in debug_containers(pod) if wanted(container)]
    return sorted(found, key=lambda s: (s.namespace, s.pod, s.name)), unclear


@dataclass(frozen=True, slots=True)
class Listed:
    """The selected containers, in order, and the malformed pods, which may contain more."""

    found: list[ListedContainer]
    unclear: list[UnreadablePod]
    ended: int
    """How many have ended that the filter leaves out."""


def list_chosen(request: ListRequest, ports: Ports) -> Listed:
    """The containers that `request` selects; warns about what is missing, and why."""
    request = resolved(request, ports)
    choice = request.choice
    unclear: list[UnreadablePod] = []
    if choice.pods and request.namespace:
        pods = parse_pods(existing_pods(request.namespace, sorted(choice.pods), ports), unclear.append)
        found = [container for pod in pods for container in debug_containers(pod)]
    else:
        found, unclear = list_debug_containers(
            request.namespace, ports, request.selector, lambda s: choice.may_want(s) or choice.leaves_out(s)
        )
    candidates = [s for s in found if choice.may_want(s)]
    known = probe(fairly(candidates, ports), ports, seconds=ASK_SECONDS) if request.ask else candidates
    now = ports.clock.now()
    listed = [choice.judge(container, now) for container in known]
    _say_unknown(listed, ports, stale=choice.stale)
    if unclear:
        ports.notices.warn(told(unclear))
    return Listed(
        sorted_by((one for one in listed if choice.wants(one, now)), request.sort_by),
        unclear,
        sum(map(choice.leaves_out, found)),
    )


def _say_unknown(listed: list[ListedContainer], ports: Ports, *, stale: bool) -> None:
    """With --stale, an unknown state must not look like "none"."""
    unasked = sum(one.container.unasked for one in listed)
    if unasked:
        ports.notices.warn(
            f"{unasked} of the running debug containers were not asked for their clients: "
            f"the others took {ASK_SECONDS:.0f} s to answer"
        )
    unknown = sum(one.container.ours and one.stale is None and not one.container.unasked for one in listed)
    if unknown and stale:
        ports.notices.warn(
            f"no answer from {unknown} of the running debug containers, so it is unknown whether they are stale "
            "(requires permission to create pods/exec)"
        )


def say_way_out(found: list[ListedContainer], ports: Ports) -> None:
    """For containers of dshell whose image cannot be pulled: what becomes of them, and the command to use instead."""
    stuck = [one.container for one in found if one.container.ours and one.container.waiting_reason in NO_IMAGE_REASONS]
    if stuck:
        ports.notices.notice(
            f"{len(stuck)} debug container{'' if len(stuck) == 1 else 's'} cannot start: the image cannot be pulled. "
            "If the image becomes available, the debug container starts and ends by itself after "
            f"{LEASE_SECONDS} s without a client; its entry stays until the pod is replaced. "
            f"To start another: {ports.invocation.open(stuck[0].namespace, stuck[0].pod)} --image IMAGE"
        )


def resolved(request: ListRequest, ports: Ports) -> ListRequest:
    """The same request, with --mine resolved to a filter."""
    if not request.mine:
        return request
    return replace(request, choice=replace(request.choice, mine=whose(ports)))


def whose(ports: Ports) -> Callable[[DebugContainer], bool]:
    """The filter for --mine: by the user's key or, without a key, by the user name (with a notice)."""
    key = ports.keyring.key()
    if key is not None:
        return lambda container: is_mine(container.seal, key)
    owner, why = ports.cluster.whoami(), ports.keyring.trouble
    if not owner:
        raise BadConfig(f"--mine: {why}, and the cluster does not report your user name", "See: kubectl auth whoami")
    ports.notices.notice(f"--mine matches the user name {owner}, which others may share: {why}")
    return lambda container: container.ours and one_line(container.owner) == one_line(owner)


def existing_pods(namespace: str, names: list[str], ports: Ports) -> Iterator[Json]:
    """The pods with these names; raises PodNotFound for one that does not exist."""
    for name in names:
        yield ports.cluster.get_pod(namespace, name)
