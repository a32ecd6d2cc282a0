"""`--dry-run`: the exact patch that would be sent, optionally validated by the server."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.request import OpenRequest
    from kubectl_dshell.domain.pod.pod import Json


class DryRun(StrEnum):
    """kubectl's --dry-run: act, print, or print after validation by the server."""

    NONE = "none"
    CLIENT = "client"
    SERVER = "server"


def dry_run(request: OpenRequest, mode: Literal[DryRun.CLIENT, DryRun.SERVER], ports: Ports) -> Json:
    """The patch; with `server`, once admission has accepted it and an exec; a refusal is raised as for a session."""
    from kubectl_dshell.commands.first_requests import check_exec
    from kubectl_dshell.commands.session.plan import debug_container, plan
    from kubectl_dshell.commands.session.start import Additions
    from kubectl_dshell.domain.debug_container.spec import patch

    match mode:
        case DryRun.CLIENT:
            return patch(debug_container(plan(request, ports), ports, sealed=False))
        case DryRun.SERVER:
            additions = Additions(check_exec(request, ports), ports)
            return patch(additions.add(plan(request, ports), dry_run=True)[0])
