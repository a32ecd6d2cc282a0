"""The debug container for a session: a suitable existing one, or a new one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kubectl_dshell.commands.session.end_reason import StarterMissed, never_began
from kubectl_dshell.commands.session.model import ContainerGone, RootDenied, Session
from kubectl_dshell.commands.session.plan import Plan, another_name, read_pod, session_id
from kubectl_dshell.commands.session.run import run_session
from kubectl_dshell.commands.session.start import Additions, wait_until_running
from kubectl_dshell.domain.debug_container.joinable import other_protocol
from kubectl_dshell.domain.debug_container.purpose import (
    KEEP_SECONDS,
    differences,
    is_third,
    live_holders,
    lookalikes,
    purpose,
    same_purpose,
    starting_holders,
)
from kubectl_dshell.domain.debug_container.seal import is_mine
from kubectl_dshell.domain.debug_container.spec import FIRST_SECONDS, LEASE_SECONDS
from kubectl_dshell.domain.debug_container.status import DebugContainer as Existing
from kubectl_dshell.domain.debug_container.status import debug_containers
from kubectl_dshell.domain.pod.pod import Phase
from kubectl_dshell.domain.text.duration import duration
from kubectl_dshell.errors import DshellError, NameTaken, NotFound, TimedOut, Unavailable

if TYPE_CHECKING:
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.request import OpenRequest


def join_or_start(request: OpenRequest, current: Plan, additions: Additions, ports: Ports) -> int | RootDenied:
    """Run the session in the debug container that `current` describes."""
    if current.name is not None:
        return _named(request, current, current.name, additions, ports)
    if not request.new:
        for name in _ours(current, ports):
            outcome = _join(request, current, name, ports)
            if not isinstance(outcome, ContainerGone):
                return outcome
        for name in starting_holders(current.pod, current.wanted, ports.keyring.key()):
            outcome = _join_starting(request, current, name, ports)
            if not isinstance(outcome, ContainerGone):
                return outcome
        _say_passed_over(current, ports)
    return _start(request, current, additions, ports)


def _ours(current: Plan, ports: Ports) -> list[str]:
    """Those created by this user on this machine for the same purpose; any other is joined only by its name."""
    return live_holders(current.pod, current.wanted, ports.keyring.key())


def _say_passed_over(current: Plan, ports: Ports) -> None:
    key = ports.keyring.key()
    for name in lookalikes(current.pod, current.wanted, key)[:1]:
        why = f" ({ports.keyring.trouble})" if key is None else ""
        attach = ports.invocation.attach(current.pod.namespace, current.pod.name, name)
        ports.notices.notice(
            f"{name} has the same options, but was not created by you on this machine{why}; "
            f"creating another one (to join it: {attach})"
        )


def _start(request: OpenRequest, current: Plan, additions: Additions, ports: Ports) -> int | RootDenied:
    """Start one that waits only briefly, as this client may vanish; if that was too short, one that waits longer.

    In many pods the last sessions come late, and PodCluster says goodbye for those that are stopped. With `once` there
    is no second attempt: the message that calls for it can be forged by the app, after the command has run.
    """
    if not request.task and not request.once:
        try:
            return _start_one(request, current, first_seconds(ports), additions, ports)
        except StarterMissed as error:
            ports.notices.notice(f"{error.message}; starting another one, which waits {LEASE_SECONDS} s")
            current = replace(current, name=another_name(current.name))
    return _start_one(request, current, LEASE_SECONDS, additions, ports)


def first_seconds(ports: Ports) -> int:
    """How long a debug container waits for a client that may vanish before it has begun."""
    return min(FIRST_SECONDS * ports.clock.patience, LEASE_SECONDS)


def _start_one(
    request: OpenRequest, current: Plan, seconds: int, additions: Additions, ports: Ports
) -> int | RootDenied:
    name, id_, pod = additions.start(current, request.timeout, seconds, ahead=not request.task)
    entry = pod.debug_container(name)
    outcome = run_session(Session(request, current, name, id_, reused=False, just_started=True, entry=entry), ports)
    if isinstance(outcome, ContainerGone):
        raise never_began(current, name, request.retry_command, outcome.why, ports)
    if isinstance(outcome, int) and _could_keep(request) and is_third(name, pod, current.wanted, ports.keyring.key()):
        ports.notices.identity(
            f"this was the third debug container for a command in {pod.name} within {duration(KEEP_SECONDS)}; with "
            f"--keep {duration(KEEP_SECONDS)} the next commands reuse one: faster, and without another entry in the pod"
        )
    return outcome


def _could_keep(request: OpenRequest) -> bool:
    """Whether it runs a command in a debug container that others could join, if it stayed."""
    one_shot = bool(request.command) or not request.tty
    return one_shot and not (request.keep or request.new or request.name) and request.ttl >= KEEP_SECONDS


def _join(
    request: OpenRequest, current: Plan, name: str, ports: Ports, *, just_started: bool = False
) -> int | RootDenied | ContainerGone:
    entry = current.pod.debug_container(name)
    was = purpose(entry.spec).reason if entry else ""
    if request.reason and request.reason != was:
        has = f'with the reason "{was}"' if was else "without a reason"
        ports.notices.notice(
            f"--reason is ignored: {name} already exists {has}, and its entry cannot be changed (use --new)"
        )
    id_ = session_id(ports)
    session = Session(request, current, name, id_, reused=True, just_started=just_started, entry=entry)
    return run_session(session, ports)


def _join_starting(request: OpenRequest, current: Plan, name: str, ports: Ports) -> int | RootDenied | ContainerGone:
    """Wait for it as for a new one; its failure is final, because another one would fail in the same way."""
    try:
        wait_until_running(current.pod, name, request.timeout, ports)
    except TimedOut as error:
        error.advice += (f"Add another one: {request.retry_command} --new",)
        raise
    return _join(request, current, name, ports, just_started=True)


def _named(request: OpenRequest, current: Plan, name: str, additions: Additions, ports: Ports) -> int | RootDenied:
    """Exactly that one: joined if it exists and is suitable, created if it does not exist.

    With `once` it is never joined: NameTaken is raised instead, by us or by the API server, which admits only one of
    several clients. That a corrected user's second name is taken tells nothing about the command, and is a failure.
    """
    once = request.once and name == request.name
    if current.pod.debug_container(name) is None:
        try:
            return _start(request, current, additions, ports)
        except NameTaken:  # another client was faster
            if once:
                raise
            pod = read_pod(request.namespace, current.pod.name, ports)
            current = replace(current, target=replace(current.target, pod=pod))
    elif once:
        raise NameTaken(f"{current.pod.name} already has a debug container {name}")
    existing = next((s for s in debug_containers(current.pod) if s.name == name), None)
    if existing is None:
        raise Unavailable(
            f"{name} is no longer in {current.pod.name}", f"Retry with: {request.retry_command} --name {name}"
        )
    if refusal := _refusal(request, current, existing, ports):
        raise refusal
    if existing.phase is not Phase.RUNNING:
        wait_until_running(current.pod, name, request.timeout, ports)
    starting = existing.phase is not Phase.RUNNING
    outcome = _join(request, current, name, ports, just_started=starting)
    if isinstance(outcome, ContainerGone):
        raise _over(request, current, existing, "is ending", ports)
    return outcome


def _refusal(request: OpenRequest, current: Plan, existing: Existing, ports: Ports) -> DshellError | None:
    """Why the debug container with that name cannot be joined."""
    name, pod = existing.name, existing.pod
    if existing.phase is Phase.TERMINATED:
        return _over(request, current, existing, f"has {existing.state}", ports)
    other = f"Choose another name: {request.retry_command} --name OTHER"
    if request.new:
        return Unavailable(f"{pod} already has a debug container {name}, which --new does not reuse", other)
    if not existing.ours:
        return Unavailable(f"{name} in {pod} was not created by kubectl dshell and cannot be joined", other)
    if other_version := other_protocol(existing, request.retry_command):
        return other_version
    entry, key = current.pod.debug_container(name), ports.keyring.key()
    if entry is None or same_purpose(entry.spec, current.pod, current.wanted, key):
        return None
    join = f"Join it as it is: {ports.invocation.attach(existing.namespace, pod, name)}"
    mine = is_mine(existing.seal, key)
    if differ := differences(entry.spec, current.wanted, existing.seal if mine else None):
        return Unavailable(f"{name} in {pod} has different options: {'; '.join(differ)}", join, other)
    if mine:
        return Unavailable(
            f"{name} in {pod} was created with different options, which its entry does not show", join, other
        )
    why = f" ({ports.keyring.trouble})" if key is None else ""
    owner = purpose(entry.spec).owner or "unknown"
    return Unavailable(
        f"{name} in {pod} was not created by you on this machine{why}; its owner is {owner}", join, other
    )


def _over(request: OpenRequest, current: Plan, existing: Existing, what: str, ports: Ports) -> NotFound:
    others = _ours(current, ports)
    where = (existing.namespace, existing.pod)
    return NotFound(
        f"{existing.name} in {existing.pod} {what}; its name cannot be used again in this pod, "
        "because Kubernetes never removes an ephemeral container",
        f"Choose another name: {request.retry_command} --name OTHER",
        *(f"Join a similar one: {ports.invocation.attach(*where, name)}" for name in others[:1]),
    )
