"""`kubectl dshell POD --app-image`: a shell, or one command, in a new container of the app's own image."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kubectl_dshell.commands.app_image.start import PairAdditions, WrongUser, of_app_image
from kubectl_dshell.commands.first_requests import check_exec
from kubectl_dshell.commands.session.fallback_shell import open_fallback_shell
from kubectl_dshell.commands.session.model import RootDenied
from kubectl_dshell.commands.session.plan import plan, replace_identity, say_refused_key
from kubectl_dshell.commands.session.reuse import join_or_start

if TYPE_CHECKING:
    from kubectl_dshell.commands.first_requests import FirstRequests
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.request import OpenRequest


def open_app_image(request: OpenRequest, ports: Ports, first: FirstRequests | None = None) -> int:
    """Run the shell or command; return its exit code. `first`: what has been asked already.

    Raises any DshellError, and Interrupted; whatever happens, both debug containers end by themselves.
    """
    additions = PairAdditions(request, first.check if first else check_exec(request, ports), ports)
    live = plan(request, ports, first)
    say_refused_key(ports)
    if live.target.notice:
        ports.notices.notice(live.target.notice)
    try:
        outcome = join_or_start(request, of_app_image(live, request), additions, ports)
    except WrongUser as error:
        corrected = replace(replace_identity(live, error.identity), name=live.name)
        outcome = join_or_start(request, of_app_image(corrected, request), additions, ports)
    return open_fallback_shell(outcome, ports) if isinstance(outcome, RootDenied) else outcome
