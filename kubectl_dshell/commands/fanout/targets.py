"""Resolves names, workloads (through their own selectors) and labels to pods."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from shlex import quote
from typing import TYPE_CHECKING

from kubectl_dshell.domain.access.target import choose_target
from kubectl_dshell.domain.pod.container_ref import ContainerRef
from kubectl_dshell.domain.pod.pod import called, parse_pod
from kubectl_dshell.domain.pod.reference import Reference, WorkloadKind
from kubectl_dshell.domain.pod.selection import identity_of, jobs_at_work, newest_ready_first, selector_of
from kubectl_dshell.errors import DshellError, Forbidden, Malformed, NotFound, PermissionDenied

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.domain.pod.pod import Json
    from kubectl_dshell.domain.shard import Shard

_REMEMBERED = 64
"""The number of pods whose JSON is kept; for later ones it would be out of date when their turn comes."""
_SKIPPED_SHOWN = 3


@dataclass(frozen=True, slots=True)
class TargetQuery:
    """What the user named. `namespace` None means all; `every`: all pods of each workload, not just one."""

    references: tuple[Reference, ...]
    selector: str
    namespace: str | None
    container: str | None
    every: bool
    shard: Shard | None = None
    """The part of these pods that is wanted; None: all of them."""


@dataclass(frozen=True, slots=True)
class SelectedPod:
    """A pod to enter; `pod` is its JSON as of the monotonic time `read_at`, None if it was not read."""

    place: ContainerRef
    pod: Json | None = None
    read_at: float = 0.0


@dataclass(slots=True)
class _Seen:
    """Pods that can be entered, the reasons for skipping others, and malformed pods, each to fail by itself."""

    usable: list[SelectedPod] = field(default_factory=list)
    skipped: list[DshellError] = field(default_factory=list)
    unclear: list[SelectedPod] = field(default_factory=list)
    elsewhere: bool = False
    """Whether a pod of another shard can be entered, or is malformed."""
    skipped_elsewhere: list[DshellError] = field(default_factory=list)
    """Reasons for pods of other shards, until one is found that can be entered."""


def one_pod(reference: Reference, namespace: str, container: str | None, ports: Ports) -> str:
    """The name of the pod for `reference`; prints a notice if dshell chose it."""
    if reference.kind is WorkloadKind.POD:
        return reference.name
    seen = _look(newest_ready_first(_pods_of(reference, namespace, ports)), container, ports)
    if not seen.usable:
        raise _none_usable(f"of {reference} in namespace {namespace}", namespace, seen.skipped)
    pod = seen.usable[0].place.pod
    others = f" (one of {len(seen.usable)}; all: --all)" if len(seen.usable) > 1 else ""
    ports.notices.notice(f"{reference}: pod {pod}{others}")
    return pod


def find(aim: TargetQuery, ports: Ports) -> list[SelectedPod]:
    """All pods of `aim`, each once; prints which were skipped.

    Raises NotFound if none is left. A shard may be empty as long as another one is not.

    Pods given by name are included unseen: a problem with one of them becomes its own failure.
    """
    if not aim.references:
        return _matching(aim, ports)
    found: dict[ContainerRef, SelectedPod] = {}
    for reference in aim.references:
        for one in _of_reference(reference, aim, ports):
            found.setdefault(ContainerRef(one.place.namespace, one.place.pod, ""), one)
    return list(found.values())


def _of_reference(reference: Reference, aim: TargetQuery, ports: Ports) -> list[SelectedPod]:
    namespace = aim.namespace or ""
    if reference.kind is WorkloadKind.POD:
        return [SelectedPod(ContainerRef(namespace, reference.name, aim.container or ""))]
    seen = _look(newest_ready_first(_pods_of(reference, namespace, ports)), aim.container, ports, aim.shard)
    if aim.every:
        return _all_of(seen, f"of {reference} in namespace {namespace}", namespace, ports)
    if not seen.usable:
        raise _none_usable(f"of {reference} in namespace {namespace}", namespace, seen.skipped)
    return seen.usable[:1]


def _matching(aim: TargetQuery, ports: Ports) -> list[SelectedPod]:
    where = f"in namespace {aim.namespace}" if aim.namespace else "in any namespace"
    what = f"with the labels {aim.selector} {where}" if aim.selector else where
    seen = _look(_list_pods(aim.namespace, aim.selector, ports), aim.container, ports, aim.shard)
    return _all_of(seen, what, aim.namespace, ports)


def _look(pods: Iterable[Json], container: str | None, ports: Ports, shard: Shard | None = None) -> _Seen:
    seen = _Seen()
    for raw in pods:
        if shard is not None and not shard.has(identity_of(raw)):
            _look_elsewhere(raw, seen, container, ports)
            continue
        kept = raw if len(seen.usable) + len(seen.unclear) < _REMEMBERED else None
        try:
            target = choose_target(parse_pod(raw), container, ports.clock.now(), invocation=ports.invocation)
        except NotFound as reason:
            seen.skipped.append(reason)
        except Malformed as reason:
            seen.skipped.append(reason)
            namespace, name = called(raw)
            seen.unclear.append(
                SelectedPod(ContainerRef(namespace or "default", name, ""), kept, ports.clock.monotonic())
            )
        else:
            place = ContainerRef(target.pod.namespace, target.pod.name, target.container.name)
            seen.usable.append(SelectedPod(place, kept, ports.clock.monotonic()))
    return seen


def _look_elsewhere(raw: Json, seen: _Seen, container: str | None, ports: Ports) -> None:
    """Only one usable pod of the other shards matters: parsing all of them would make every worker do all the work."""
    if seen.elsewhere:
        return
    try:
        choose_target(parse_pod(raw), container, ports.clock.now(), invocation=ports.invocation)
    except NotFound as reason:
        seen.skipped_elsewhere.append(reason)
    except Malformed:  # fails by itself, in its own shard
        seen.elsewhere = True
    else:
        seen.elsewhere = True


def _all_of(seen: _Seen, what: str, namespace: str | None, ports: Ports) -> list[SelectedPod]:
    if not seen.usable and not seen.unclear and not seen.elsewhere:
        raise _none_usable(what, namespace, seen.skipped + seen.skipped_elsewhere)
    skipped = [reason for reason in seen.skipped if not isinstance(reason, Malformed)]
    _say_skipped(skipped, len(seen.usable) + len(seen.unclear), ports)
    return seen.usable + seen.unclear


def _say_skipped(skipped: list[DshellError], usable: int, ports: Ports) -> None:
    if skipped:
        reasons = "; ".join(reason.message.partition(". ")[0] for reason in skipped[:_SKIPPED_SHOWN])
        more = f"; and {len(skipped) - _SKIPPED_SHOWN} more" if len(skipped) > _SKIPPED_SHOWN else ""
        ports.notices.notice(f"skipped {len(skipped)} of {usable + len(skipped)} pods: {reasons}{more}")


def _none_usable(what: str, namespace: str | None, skipped: list[DshellError]) -> NotFound:
    if not skipped:
        scope = f"-n {quote(namespace)}" if namespace else "-A"
        return NotFound(f"there are no pods {what}", f"List them with: kubectl get pods {scope} --show-labels")
    return NotFound(f"none of the {len(skipped)} pods {what} can be entered: {skipped[0].message}", *skipped[0].advice)


def _pods_of(reference: Reference, namespace: str, ports: Ports) -> Iterator[Json]:
    try:
        workload = ports.workloads.get_workload(namespace, reference)
        owners = [workload]
        if reference.kind is WorkloadKind.CRONJOB:
            owners = jobs_at_work(workload, ports.workloads.list_jobs(namespace))
    except PermissionDenied as error:
        raise _forbidden(error, ports) from error
    if not owners:
        raise NotFound(
            f"{reference} has no active job in namespace {namespace}", f"kubectl get jobs -n {quote(namespace)}"
        )
    kind = WorkloadKind.JOB if reference.kind is WorkloadKind.CRONJOB else reference.kind
    selectors = [selector_of(Reference(kind, called(owner)[1]), owner) for owner in owners]
    return chain.from_iterable(_list_pods(namespace, selector, ports) for selector in selectors)


def _list_pods(namespace: str | None, selector: str, ports: Ports) -> Iterator[Json]:
    try:
        yield from ports.cluster.list_pods(namespace, selector)
    except PermissionDenied as error:
        raise _forbidden(error, ports) from error


def _forbidden(error: PermissionDenied, ports: Ports) -> Forbidden:
    return Forbidden(
        f"you may not {error.action}, which is required to find the pods",
        f"Name them instead: {ports.invocation.command('POD...')} -- COMMAND",
        "Grant it with manifests/rbac/many.yaml, in addition to manifests/rbac/session.yaml.",
    )
