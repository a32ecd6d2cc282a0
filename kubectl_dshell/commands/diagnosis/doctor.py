"""`kubectl dshell doctor`: what works between this machine and the apps of a namespace, checked one by one."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_dshell.commands.diagnosis.facts import count_users, known, read_nodes, read_pod_security
from kubectl_dshell.commands.first_requests import check_exec_in
from kubectl_dshell.commands.parallel import each
from kubectl_dshell.domain.diagnosis import check, features, nodes, pod_security
from kubectl_dshell.domain.diagnosis.check import Check, Checkup, Status, Unknown
from kubectl_dshell.domain.permissions import USES, Permission, every_permission
from kubectl_dshell.errors import (
    BadConfig,
    ConnectionLost,
    DshellError,
    Forbidden,
    NotAnApiServer,
    PermissionDenied,
    Unavailable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_dshell.commands.diagnosis.ports import Inspection
    from kubectl_dshell.commands.ports import ExecCheck, Ports

_NO_SUCH_POD = "dshell-doctor-no-such-pod"
_AT_A_TIME = 8
_TRANSPORT = ("transport", "WebSocket")


@dataclass(frozen=True, slots=True)
class DoctorRequest:
    """`origin`: the kubeconfig and how it was found; `server`: its URL; `image`: of the debug containers."""

    namespace: str
    origin: str
    server: str
    image: str


def no_connection(error: BadConfig) -> Checkup:
    """The only check that can be made without one."""
    failed = Check("kubeconfig", "kubeconfig", Status.FAILED, error.message, error.advice)
    return Checkup("", "", (failed,), complete=False)


def examine(request: DoctorRequest, ports: Ports, inspection: Inspection) -> Checkup:
    """All checks, or those up to the first without which the others cannot be made. Adds nothing to the cluster."""
    origin = Check("kubeconfig", "kubeconfig", Status.OK, request.origin)
    try:
        version: str | Unknown = inspection.version()
    except (BadConfig, ConnectionLost, NotAnApiServer) as error:
        unreachable = Check("server", "server", Status.FAILED, error.message, error.advice)
        return Checkup(request.namespace, "", (origin, unreachable), complete=False)
    except DshellError as error:
        version = Unknown(error.message)
    execs = check_exec_in(request.namespace, _NO_SUCH_POD, ports)
    who = ports.cluster.whoami()
    rest = _checks(request, version, execs, who, ports, inspection)
    return Checkup(request.namespace, who, (origin, features.server(request.server, version), *rest))


def _checks(
    request: DoctorRequest, version: str | Unknown, execs: ExecCheck, who: str, ports: Ports, inspection: Inspection
) -> Iterator[Check]:
    namespace = request.namespace
    found = known(lambda: read_nodes(inspection, request.image))
    users = known(lambda: count_users(namespace, ports.cluster))
    security = known(lambda: read_pod_security(namespace, inspection))
    yield _user(who)
    yield nodes.versions(found)
    yield features.ephemeral_containers(known(inspection.resources))
    yield features.container_user(version, found, users)
    yield features.piped_input(version)
    yield features.image_volumes(version, found)
    yield _transport(execs)
    allowed = known(lambda: _allowed(namespace, inspection))
    yield from (check.permissions(use, allowed) for use in USES)
    yield pod_security.judged(namespace, security)
    yield nodes.debug_image(request.image, found)
    yield check.clock(inspection.clock_offset())


def _user(who: str) -> Check:
    if who:
        return Check("user", "user", Status.OK, who)
    return Check("user", "user", Status.UNKNOWN, "the cluster does not report your user name")


def _allowed(namespace: str, inspection: Inspection) -> dict[Permission, bool]:
    answers = each(every_permission(), lambda one, _stop: inspection.is_allowed(one, namespace), _AT_A_TIME)
    return dict(answers)


def _transport(execs: ExecCheck) -> Check:
    """Whether a WebSocket gets through, and what else stops an exec; RBAC is another check."""
    try:
        with suppress(PermissionDenied):
            execs.verdict()
        if execs.upgraded():
            return Check(*_TRANSPORT, Status.OK, "gets through to the API server")
    except (Forbidden, Unavailable) as error:
        return Check(*_TRANSPORT, Status.FAILED, error.message, error.advice)
    why = "no answer shows whether one gets through (this takes permission to watch pods)"
    return Check(*_TRANSPORT, Status.UNKNOWN, why)
