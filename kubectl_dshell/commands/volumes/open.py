"""`kubectl dshell POD --volumes`: a shell, or one command, with the volumes of a container that is down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.commands.first_requests import check_exec
from kubectl_dshell.commands.session.fallback_shell import open_fallback_shell
from kubectl_dshell.commands.session.model import RootDenied
from kubectl_dshell.commands.session.plan import plan, say_refused_key
from kubectl_dshell.commands.session.reuse import join_or_start
from kubectl_dshell.commands.session.start import Additions
from kubectl_dshell.domain.access.volumes import listed, volumes_of
from kubectl_dshell.domain.pod.pod import Phase

if TYPE_CHECKING:
    from kubectl_dshell.commands.first_requests import FirstRequests
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.request import OpenRequest
    from kubectl_dshell.commands.session.plan import Plan


def open_volumes(request: OpenRequest, ports: Ports, first: FirstRequests | None = None) -> int:
    """Run the shell or command; return its exit code. `first`: what has been asked already.

    Raises any DshellError, and Interrupted; whatever happens, the debug container ends by itself.
    """
    additions = Additions(first.check if first else check_exec(request, ports), ports)
    current = plan(request, ports, first)
    say_refused_key(ports)
    _say(current, ports)
    outcome = join_or_start(request, current, additions, ports)
    return open_fallback_shell(outcome, ports) if isinstance(outcome, RootDenied) else outcome


def _say(current: Plan, ports: Ports) -> None:
    """Which container was chosen, what of it is not there, and whether there is a better way."""
    target, notices = current.target, ports.notices
    pod, container = target.pod, target.container
    if target.notice:
        notices.notice(target.notice)
    if container.state.phase is Phase.RUNNING:
        command = ports.invocation.open(pod.namespace, pod.name, container.name)
        notices.notice(f"container {container.name} runs: without --volumes all of its files are there ({command})")
    if left_out := volumes_of(target, ports.invocation).left_out:
        notices.notice(
            f"left out, because an ephemeral container may not have them: {listed(left_out)} (subPath or device)"
        )
