"""Facts about a cluster, each of which may be unknown to this user."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from kubectl_dshell.domain.diagnosis.check import Unknown
from kubectl_dshell.domain.diagnosis.nodes import Node, parse_node
from kubectl_dshell.domain.diagnosis.pod_security import PodSecurity, parse_pod_security
from kubectl_dshell.domain.pod.pod import Phase
from kubectl_dshell.domain.pod.unreadable import parse_pods
from kubectl_dshell.errors import DshellError, PermissionDenied

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_dshell.commands.diagnosis.ports import Inspection
    from kubectl_dshell.commands.ports import Cluster

T = TypeVar("T")
_SAMPLE = 50  # pods


def known(read: Callable[[], T]) -> T | Unknown:
    """What `read` returns, or why it cannot."""
    try:
        return read()
    except PermissionDenied as error:
        return Unknown(f"you may not {error.right}")
    except DshellError as error:
        return Unknown(error.message)


def read_nodes(inspection: Inspection, image: str) -> list[Node]:
    """The Linux nodes, and whether they have `image`."""
    return [node for one in inspection.nodes() if (node := parse_node(one, image)) is not None]


def read_pod_security(namespace: str, inspection: Inspection) -> PodSecurity | None:
    """None if there is no such namespace."""
    found = inspection.namespace(namespace)
    return None if found is None else parse_pod_security(found)


def count_users(namespace: str, cluster: Cluster) -> tuple[int, int]:
    """How many running containers of some pods have a user in their status, and how many do not."""
    pods = parse_pods(islice(cluster.list_pods(namespace), _SAMPLE), lambda _unclear: None)
    states = [c.user is not None for pod in pods for c in pod.containers if c.state.phase is Phase.RUNNING]
    return sum(states), len(states) - sum(states)
