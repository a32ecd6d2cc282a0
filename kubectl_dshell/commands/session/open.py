"""`kubectl dshell POD`: a shell, or one command, in the app's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.commands.session.fallback_shell import open_fallback_shell
from kubectl_dshell.commands.session.model import RootDenied
from kubectl_dshell.commands.session.plan import plan, replace_identity, say_refused_key
from kubectl_dshell.commands.session.reuse import join_or_start
from kubectl_dshell.domain.access.identity import correction
from kubectl_dshell.remote import protocol

if TYPE_CHECKING:
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.request import OpenRequest
    from kubectl_dshell.commands.session.plan import Plan
    from kubectl_dshell.domain.access.identity import Identity


def open_session(request: OpenRequest, ports: Ports) -> int:
    """Run the shell or command; return its exit code.

    Raises any DshellError, and Interrupted; whatever happens, the debug container ends by itself.
    """
    current = plan(request, ports)
    say_refused_key(ports)
    if current.target.notice:
        ports.notices.notice(current.target.notice)
    outcome = join_or_start(request, current, ports)
    if isinstance(outcome, RootDenied) and (better := _correction(current, outcome)):
        outcome.tether.goodbye(protocol.bye(outcome.session.id))
        corrected = replace_identity(current, better)
        if corrected.name:
            ports.notices.notice(
                f"{current.name} does not run as the app's user {better}; starting {corrected.name}, which does"
            )
        outcome = join_or_start(request, corrected, ports)
    return open_fallback_shell(outcome, ports) if isinstance(outcome, RootDenied) else outcome


def _correction(current: Plan, closed: RootDenied) -> Identity | None:
    return correction(current.identity, closed.facts, current.pod, current.target.container)
