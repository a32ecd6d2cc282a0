"""For an app whose root is closed: the reason, root with SYS_PTRACE if a person agrees, else a shell beside it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from kubectl_dshell.commands.session.run import SessionRun
from kubectl_dshell.domain.access.identity import disbelieved, why_disbelieved
from kubectl_dshell.domain.access.root_access import how_to_enter, needs_tracing, why_denied
from kubectl_dshell.domain.runtime.sandbox import hides
from kubectl_dshell.domain.text.bounds import one_line
from kubectl_dshell.errors import DryRunUnsupported, Forbidden, Unavailable
from kubectl_dshell.remote import protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.request import OpenRequest
    from kubectl_dshell.commands.session.model import RootDenied
    from kubectl_dshell.commands.session.plan import Plan
    from kubectl_dshell.commands.session.start import Additions
    from kubectl_dshell.domain.pod.pod import Pod

_OFFER = "Enter as root with SYS_PTRACE instead? It is allowed in this namespace"


class _Refusal(NamedTuple):
    """Why the root is closed, and what to type."""

    why: str
    advice: tuple[str, ...]
    told: bool = False
    """Whether the user has read why."""


def open_fallback_shell(closed: RootDenied, ports: Ports) -> int:
    """Report why the root cannot be entered; a person at a terminal still gets a shell in the debug image.

    With --volumes it is the first of them that cannot be entered, and there is no shell.
    """
    if closed.session.places:
        closed.tether.goodbye(protocol.bye(closed.session.id))
        raise _closed_volume(closed)
    return _fall_back(closed, _refusal(closed), ports)


def offer_root(request: OpenRequest, closed: RootDenied, additions: Additions, ports: Ports) -> int:
    """Where only SYS_PTRACE helps and the cluster allows it, ask a person; without a yes, as `open_fallback_shell`."""
    refusal = _refusal(closed)
    if not (needs_tracing(closed.facts) and ports.prompt.can_ask() and not request.privilege.chosen):
        return _fall_back(closed, refusal, ports)
    from kubectl_dshell.commands.session.reuse import join_or_start

    with _left_on_error(closed):
        request, wanted = _as_root(request, closed, ports)
        try:
            additions.rehearse(wanted)
        except DryRunUnsupported:
            return _fall_back(closed, refusal, ports)
        except (Forbidden, Unavailable) as error:
            but = f"Root with SYS_PTRACE could read them, but {error.message}"
            return _fall_back(closed, refusal._replace(advice=(but, *error.advice)), ports)
        ports.notices.warn(refusal.why)
        agreed = ports.prompt.confirm(_OFFER, closed.tether)
    if not agreed:
        return _fall_back(closed, refusal._replace(told=True), ports)
    closed.tether.goodbye(protocol.bye(closed.session.id))
    outcome = join_or_start(request, wanted, additions, ports)
    return outcome if isinstance(outcome, int) else open_fallback_shell(outcome, ports)


def _as_root(request: OpenRequest, closed: RootDenied, ports: Ports) -> tuple[OpenRequest, Plan]:
    from kubectl_dshell.commands.session.plan import another_name, plan
    from kubectl_dshell.domain.access.privilege import Privilege, Profile

    name = another_name(closed.session.plan.name)
    asked = Privilege(Profile.GENERAL, trace=request.privilege.trace)
    request = replace(request, privilege=asked, run_as=None, name=name)
    return request, plan(request, ports)


@contextmanager
def _left_on_error(closed: RootDenied) -> Iterator[None]:
    """Say goodbye if nobody comes back: the debug container need not wait for this session."""
    try:
        yield
    except BaseException:
        closed.tether.goodbye(protocol.bye(closed.session.id))
        raise


def _closed_volume(closed: RootDenied) -> Forbidden:
    session = closed.session
    return Forbidden(
        f"{session.name} in {session.plan.pod.name} runs as {session.plan.identity} "
        f"({session.plan.identity.source}) and cannot enter the volume at {one_line(session.places[0])}",
        f"Run as a user that can: {session.request.retry_command} --run-as UID[:GID]",
    )


def _refusal(closed: RootDenied) -> _Refusal:
    facts, session, plan = closed.facts, closed.session, closed.session.plan
    pod, container, retry_command = plan.pod, plan.target.container, session.request.retry_command
    claimed = disbelieved(plan.identity, facts, pod, container)
    reason = why_disbelieved(claimed, pod, container) if claimed else why_denied(facts, pod)
    why = (
        f"{session.name} in {pod.name} runs as {facts.our_uid}:{facts.our_gid} "
        f"and cannot read the app's files: {reason}"
    )
    advice = (
        f"If the claim is right, retry with: {retry_command} --run-as {claimed}"
        if claimed
        else how_to_enter(facts, retry_command, alone_privileged=_alone_privileged(plan))
    )
    if facts.uid is None and pod.runtime_class:
        return _Refusal(why, _elsewhere(pod, retry_command, advice))
    return _Refusal(why, (advice,))


def _elsewhere(pod: Pod, retry_command: str, again: str) -> tuple[str, ...]:
    """What to type where a runtime may hide the app's processes; `again` only where it is not known to do so."""
    command = retry_command.replace(" --app-image", "").replace(" --chroot", "")
    copy = f"Use a copy of the pod, where no process of the app is needed: {command} --copy"
    return (copy,) if hides(pod.runtime_class, shared=pod.shares_processes) else (again, copy)


def _alone_privileged(plan: Plan) -> bool:
    ours = plan.wanted.security.get("privileged")
    return bool(plan.target.container.security.get("privileged")) and not ours


def _fall_back(closed: RootDenied, refusal: _Refusal, ports: Ports) -> int:
    session = closed.session
    if session.request.command or not session.request.tty:
        closed.tether.goodbye(protocol.bye(session.id))
        raise Forbidden(refusal.why, *refusal.advice)
    for line in (*([] if refusal.told else [refusal.why]), *refusal.advice):
        ports.notices.warn(line)
    return SessionRun(session, ports, closed.tether).run_outside()
