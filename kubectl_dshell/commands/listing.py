"""`kubectl dshell ls`: the debug containers of a namespace, or of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.domain.pod import parse_pod
from kubectl_dshell.domain.refusal import Request, explain
from kubectl_dshell.domain.session import Session, sessions
from kubectl_dshell.errors import ApiError

if TYPE_CHECKING:
    from kubectl_dshell.commands.ports import Ports


def list_sessions(namespace: str | None, ports: Ports) -> list[Session]:
    """Every debug container, made by any tool; `None` is all namespaces."""
    try:
        found = [s for pod in ports.cluster.list_pods(namespace) for s in sessions(parse_pod(pod))]
    except ApiError as error:
        raise explain(error, Request("list", "pods", namespace or "(all)", "")) from error
    return sorted(found, key=lambda s: (s.namespace, s.pod, s.name))
