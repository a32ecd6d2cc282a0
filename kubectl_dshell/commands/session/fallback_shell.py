"""For an app whose root cannot be entered: the reason, and a shell in the debug image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.commands.session.run import SessionRun
from kubectl_dshell.domain.access.identity import disbelieved, why_disbelieved
from kubectl_dshell.domain.access.root_access import how_to_enter, why_denied
from kubectl_dshell.errors import Forbidden
from kubectl_dshell.remote import protocol

if TYPE_CHECKING:
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.session.model import RootDenied


def open_fallback_shell(closed: RootDenied, ports: Ports) -> int:
    """Report why the root cannot be entered; a person at a terminal still gets a shell in the debug image."""
    facts, session, plan = closed.facts, closed.session, closed.session.plan
    pod, container, retry_command = plan.pod, plan.target.container, session.request.retry_command
    claimed = disbelieved(plan.identity, facts, pod, container)
    reason = why_disbelieved(claimed, pod, container) if claimed else why_denied(facts)
    why = (
        f"{session.name} in {pod.name} runs as {facts.our_uid}:{facts.our_gid} "
        f"and cannot read the app's files: {reason}"
    )
    advice = (
        f"If the claim is right, retry with: {retry_command} --run-as {claimed}"
        if claimed
        else how_to_enter(facts, retry_command)
    )
    if session.request.command or not session.request.tty:
        closed.tether.goodbye(protocol.bye(session.id))
        raise Forbidden(why, advice)
    ports.notices.warn(why)
    ports.notices.warn(advice)
    return SessionRun(session, ports, closed.tether).run_outside()
