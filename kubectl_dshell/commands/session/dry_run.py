"""`--dry-run`: the exact patch that would be sent, checked by the server if asked."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.request import OpenRequest
    from kubectl_dshell.domain.pod.pod import Json


class DryRun(StrEnum):
    """kubectl's --dry-run: whether something is done, shown, or shown after the server has checked it."""

    NONE = "none"
    CLIENT = "client"
    SERVER = "server"


def dry_run(request: OpenRequest, mode: Literal[DryRun.CLIENT, DryRun.SERVER], ports: Ports) -> Json:
    """The patch; with `server` admission has seen it (refusals are raised as for the real one)."""
    from kubectl_dshell.commands.session.plan import debug_container, plan
    from kubectl_dshell.commands.session.start import add
    from kubectl_dshell.domain.debug_container.spec import patch

    current = plan(request, ports)
    match mode:
        case DryRun.CLIENT:
            return patch(debug_container(current, ports, sealed=False))
        case DryRun.SERVER:
            return patch(add(current, ports, dry_run=True)[0])
