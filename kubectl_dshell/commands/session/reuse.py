"""The debug container for a session: a suitable existing one, or a new one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kubectl_dshell.commands.session.end_reason import StarterMissed, explain_end
from kubectl_dshell.commands.session.model import ContainerGone, RootDenied, Session
from kubectl_dshell.commands.session.plan import Plan, another_name, read_pod, session_id
from kubectl_dshell.commands.session.run import run_session
from kubectl_dshell.commands.session.start import start, wait_until_running
from kubectl_dshell.domain.debug_container.purpose import differences, live_holders, lookalikes, purpose, same_purpose
from kubectl_dshell.domain.debug_container.seal import is_mine
from kubectl_dshell.domain.debug_container.spec import FIRST_SECONDS, LEASE_SECONDS
from kubectl_dshell.domain.debug_container.status import DebugContainer as Existing
from kubectl_dshell.domain.debug_container.status import debug_containers
from kubectl_dshell.domain.pod.pod import Phase
from kubectl_dshell.errors import DshellError, NameTaken, NotFound, Unavailable

if TYPE_CHECKING:
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.request import OpenRequest


def join_or_start(request: OpenRequest, current: Plan, ports: Ports) -> int | RootDenied:
    """Run the session in the debug container that `current` describes."""
    if current.name is not None:
        return _named(request, current, current.name, ports)
    for name in [] if request.new else _ours(current, ports):
        outcome = _join(request, current, name, ports)
        if not isinstance(outcome, ContainerGone):
            return outcome
    if not request.new:
        _say_passed_over(current, ports)
    return _start(request, current, ports)


def _ours(current: Plan, ports: Ports) -> list[str]:
    """Those created by this user on this machine for the same purpose; any other is joined only by its name."""
    return live_holders(current.pod, current.wanted, ports.keyring.key())


def _say_passed_over(current: Plan, ports: Ports) -> None:
    key = ports.keyring.key()
    for name in lookalikes(current.pod, current.wanted, key)[:1]:
        why = f" ({ports.keyring.trouble})" if key is None else ""
        attach = ports.invocation.attach(current.pod.namespace, current.pod.name, name)
        ports.notices.notice(
            f"{name} claims the same purpose, but it was not created by you on this machine{why}; "
            f"creating another one (to join it: {attach})"
        )


def _start(request: OpenRequest, current: Plan, ports: Ports) -> int | RootDenied:
    """Start one that waits only briefly, as this client may vanish; if that was too short, one that waits longer.

    In many pods the last sessions come late, and PodCluster says goodbye for those that are stopped.
    """
    if not request.task:
        try:
            return _start_one(request, current, FIRST_SECONDS, ports)
        except StarterMissed as error:
            ports.notices.notice(f"{error.message}; starting another one, which waits {LEASE_SECONDS} s")
            current = replace(current, name=another_name(current.name))
    return _start_one(request, current, LEASE_SECONDS, ports)


def _start_one(request: OpenRequest, current: Plan, first_seconds: int, ports: Ports) -> int | RootDenied:
    name, id_ = start(current, request.timeout, ports, first_seconds)
    outcome = run_session(Session(request, current, name, id_, reused=False, just_started=True), ports)
    if isinstance(outcome, ContainerGone):
        why = f": {outcome.why}" if outcome.why else ""
        ended = f"the debug container {name} ended before the session began{why}"
        raise explain_end(current, name, request.retry_command, ended, ports)
    return outcome


def _join(
    request: OpenRequest, current: Plan, name: str, ports: Ports, *, just_started: bool = False
) -> int | RootDenied | ContainerGone:
    entry = current.pod.debug_container(name)
    was = purpose(entry.spec).reason if entry else ""
    if request.reason and request.reason != was:
        keeps = f'keeps its reason: "{was}"' if was else "stays without a reason"
        ports.notices.notice(f"{name} already exists and {keeps} (an entry cannot be changed; --new creates another)")
    session = Session(request, current, name, session_id(ports), reused=True, just_started=just_started)
    return run_session(session, ports)


def _named(request: OpenRequest, current: Plan, name: str, ports: Ports) -> int | RootDenied:
    """Exactly that one: joined if it exists and is suitable, created if it does not exist."""
    if current.pod.debug_container(name) is None:
        try:
            return _start(request, current, ports)
        except NameTaken:  # another client was faster
            pod = read_pod(request.namespace, current.pod.name, ports)
            current = replace(current, target=replace(current.target, pod=pod))
    existing = next((s for s in debug_containers(current.pod) if s.name == name), None)
    if existing is None:
        raise Unavailable(
            f"{name} is no longer in {current.pod.name}", f"Retry with: {request.retry_command} --name {name}"
        )
    if refusal := _refusal(request, current, existing, ports):
        raise refusal
    if existing.phase is not Phase.RUNNING:
        wait_until_running(current.pod, name, current.wanted.image, request.timeout, ports)
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
        return Unavailable(f"{pod} already has a debug container {name}, and --new asks for another", other)
    if not existing.ours:
        return Unavailable(f"{name} in {pod} was not created by kubectl dshell and cannot be joined", other)
    entry, key = current.pod.debug_container(name), ports.keyring.key()
    if entry is None or same_purpose(entry.spec, current.pod, current.wanted, key):
        return None
    join = f"Join it as it is: {ports.invocation.attach(existing.namespace, pod, name)}"
    if differ := differences(entry.spec, current.wanted):
        return Unavailable(f"{name} in {pod} has other options: {'; '.join(differ)}", join, other)
    if is_mine(existing.seal, key):
        return Unavailable(
            f"{name} in {pod} was created with other options, which its entry does not show", join, other
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
