"""`kubectl dshell POD`: a shell, or one command, in the app's files."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from kubectl_dshell.commands.first_requests import check_exec
from kubectl_dshell.commands.session.fallback_shell import offer_root
from kubectl_dshell.commands.session.model import RootDenied
from kubectl_dshell.commands.session.plan import plan, refuse_chroot, replace_identity, say_refused_key
from kubectl_dshell.commands.session.reuse import join_or_start
from kubectl_dshell.commands.session.start import Additions
from kubectl_dshell.domain.access.identity import correction
from kubectl_dshell.domain.access.privilege import traces_by_choice
from kubectl_dshell.errors import Forbidden
from kubectl_dshell.remote import protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_dshell.commands.first_requests import FirstRequests
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.request import OpenRequest
    from kubectl_dshell.commands.session.plan import Plan
    from kubectl_dshell.domain.access.identity import Identity


def open_session(request: OpenRequest, ports: Ports, first: FirstRequests | None = None) -> int:
    """Run the shell or command; return its exit code. `first`: what has been asked already.

    Raises any DshellError, and Interrupted; whatever happens, the debug container ends by itself.
    """
    additions = Additions(first.check if first else check_exec(request, ports), ports)
    current = plan(request, ports, first)
    say_refused_key(ports)
    if current.target.notice:
        ports.notices.notice(current.target.notice)
    refuse_chroot(request, current)
    with tracing_optional(request, current):
        outcome = join_or_start(request, current, additions, ports)
    return finish(request, current, outcome, additions, ports)


def finish(request: OpenRequest, current: Plan, outcome: int | RootDenied, additions: Additions, ports: Ports) -> int:
    """The exit code of a session that `current` describes: as another user, if that one enters the root."""
    if isinstance(outcome, RootDenied) and (better := _correction(current, outcome)):
        outcome.tether.goodbye(protocol.bye(outcome.session.id))
        corrected = replace_identity(current, better)
        if corrected.name:
            ports.notices.notice(
                f"{current.name} does not run as the app's user {better}; starting {corrected.name}, which does"
            )
        refuse_chroot(request, corrected)
        with tracing_optional(request, corrected):
            outcome = join_or_start(request, corrected, additions, ports)
    return offer_root(request, outcome, additions, ports) if isinstance(outcome, RootDenied) else outcome


@contextmanager
def tracing_optional(request: OpenRequest, current: Plan) -> Iterator[None]:
    """What to type where a policy forbids only what --trace has added."""
    try:
        yield
    except Forbidden as error:
        if traces_by_choice(current.privilege, current.identity.uid) and "SYS_PTRACE" in error.message:
            from kubectl_dshell.domain.access.tracing import without

            error.advice = (*error.advice, without(request.retry_command, current.privilege))
        raise


def _correction(current: Plan, closed: RootDenied) -> Identity | None:
    """Another user would lose what only root has."""
    if current.privilege.needs_root:
        return None
    return correction(current.identity, closed.facts, current.pod, current.target.container)
