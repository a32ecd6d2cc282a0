"""`kubectl dshell POD`: a shell, or one command, in the app's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.commands.aftermath import explain_end
from kubectl_dshell.commands.dialogue import Closed, Gone, Session, hold, hold_outside
from kubectl_dshell.commands.prepare import Plan, plan, replan
from kubectl_dshell.commands.start import start
from kubectl_dshell.domain.entry import what_opens, why_closed
from kubectl_dshell.domain.identity import correction
from kubectl_dshell.domain.session import live_holders
from kubectl_dshell.errors import Forbidden
from kubectl_dshell.remote import protocol

if TYPE_CHECKING:
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.request import OpenRequest


def open_session(request: OpenRequest, ports: Ports) -> int:
    """Run the shell or command; its exit code.

    Raises every DshellError there is, and Interrupted; whatever happens the debug container ends by itself.
    """
    current = plan(request, ports)
    if current.target.notice:
        ports.notices.notice(current.target.notice)
    outcome = _attempt(request, current, ports)
    if isinstance(outcome, Closed) and (better := correction(current.identity, outcome.facts)):
        outcome.tether.goodbye(protocol.bye(outcome.id))
        outcome = _attempt(request, replan(current, better), ports)
    if isinstance(outcome, Closed):
        outcome = _closed(request, outcome, ports)
    return outcome


def _attempt(request: OpenRequest, current: Plan, ports: Ports) -> int | Closed:
    """Join a live holder if there is one that would do, else start one."""
    for name in [] if request.new else _joinable(current):
        outcome = hold(Session(request, current, name, reused=True), ports)
        if not isinstance(outcome, Gone):
            return outcome
    name = start(current, request.timeout, ports)
    outcome = hold(Session(request, current, name, reused=False), ports)
    if isinstance(outcome, Gone):
        why = f": {outcome.why}" if outcome.why else ""
        ended = f"the debug container {name} ended before the session began{why}"
        raise explain_end(current, name, request.again, ended, ports)
    return outcome


def _joinable(current: Plan) -> list[str]:
    if not current.wanted.owner:
        return []  # whose a holder is cannot be told
    return live_holders(current.pod, current.wanted)


def _closed(request: OpenRequest, closed: Closed, ports: Ports) -> int:
    """The root cannot be entered: say why; a person at a terminal still gets a shell beside it."""
    facts = closed.facts
    why = (
        f"{closed.session.name} in {request.pod} as {facts.our_uid}:{facts.our_gid}, "
        f"but its files are closed to us: {why_closed(facts)}"
    )
    advice = what_opens(facts, request.again)
    if request.command or not request.tty:
        closed.tether.goodbye(protocol.bye(closed.id))
        raise Forbidden(why, advice)
    ports.notices.warn(why)
    ports.notices.warn(advice)
    return hold_outside(closed, ports)
