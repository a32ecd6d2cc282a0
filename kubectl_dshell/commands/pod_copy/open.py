"""`kubectl dshell POD --copy`: a shell, or one command, in a copy of the pod, which is deleted afterwards."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from kubectl_dshell.commands.pending import Pending
from kubectl_dshell.commands.pod_copy.plan import CopyPlan, plan_copy, plan_image
from kubectl_dshell.commands.session.dry_run import DryRun
from kubectl_dshell.commands.session.end_reason import SessionLapsed, never_began
from kubectl_dshell.commands.session.model import ContainerGone, RootDenied, Session
from kubectl_dshell.commands.session.plan import Plan, say_refused_key
from kubectl_dshell.commands.session.run import run_session
from kubectl_dshell.commands.session.start import wait_until_running
from kubectl_dshell.domain.access.identity import Identity, Source
from kubectl_dshell.domain.access.target import Target
from kubectl_dshell.domain.debug_container.admission import privilege_changes
from kubectl_dshell.domain.debug_container.spec import LEASE_SECONDS
from kubectl_dshell.domain.pod.json_fields import Fields
from kubectl_dshell.domain.pod.pod import Pod, parse_pod
from kubectl_dshell.domain.pod_copy.manifest import has_tools
from kubectl_dshell.domain.text.bounds import LONGEST_MESSAGE, one_line, shortened
from kubectl_dshell.errors import ConnectionLost, DshellError, Forbidden, NoImageVolumes, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.request import OpenRequest
    from kubectl_dshell.domain.pod.pod import Json

_RIGHTS = (("create", "pods"), ("delete", "pods"), ("create", "pods/exec"))


def open_copy(request: OpenRequest, ports: Ports, *, service_account: bool = False) -> int:
    """Run the shell or command; return its exit code.

    Raises any DshellError, and Interrupted; whatever happens, nothing is left running.
    """
    return _open(request, lambda: plan_copy(request, ports, service_account=service_account), ports)


def open_image(request: OpenRequest, image: str, ports: Ports) -> int:
    """The same in a pod of `image` alone. `request.pod`: the one that it is to be like, or empty."""
    return _open(request, lambda: plan_image(request, image, ports), ports)


def _open(request: OpenRequest, plan: Callable[[], CopyPlan], ports: Ports) -> int:
    rights = _rights(request, ports)
    wanted = plan()
    say_refused_key(ports)
    _say(wanted, ports)
    for right in rights:
        right.result()
    with _created(wanted, ports) as made:
        pod = wait_until_running(made, wanted.container, request.timeout, ports)
        return _run(request, wanted, pod, ports)


def dry_run_copy(
    request: OpenRequest, mode: Literal[DryRun.CLIENT, DryRun.SERVER], ports: Ports, *, service_account: bool = False
) -> Json:
    """The manifest; with `server`, once admission has accepted it."""
    return _dry_run(plan_copy(request, ports, service_account=service_account, sealed=False), mode, ports)


def dry_run_image(request: OpenRequest, image: str, mode: Literal[DryRun.CLIENT, DryRun.SERVER], ports: Ports) -> Json:
    """The same for a pod of `image` alone."""
    return _dry_run(plan_image(request, image, ports, sealed=False), mode, ports)


def _dry_run(wanted: CopyPlan, mode: Literal[DryRun.CLIENT, DryRun.SERVER], ports: Ports) -> Json:
    if mode is DryRun.SERVER:
        ports.created().create_pod(wanted.base.pod.namespace, wanted.manifest, dry_run=True)
    return wanted.manifest


def _say(wanted: CopyPlan, ports: Ports) -> None:
    """Which container was chosen, and what is not the app's."""
    if wanted.base.target.notice:
        ports.notices.notice(wanted.base.target.notice)
    if empty := wanted.shared.empty:
        paths = shortened(one_line(", ".join(empty), LONGEST_MESSAGE))
        ports.notices.identity(f"empty in the copy, because an emptyDir belongs to one pod: {paths}")


def _rights(request: OpenRequest, ports: Ports) -> list[Pending[None]]:
    """Checks that are under way: what cannot be deleted is not to be created."""

    def check(verb: str, resource: str) -> Pending[None]:
        return Pending(lambda: ports.created().check_right(request.namespace, verb, resource))

    return [check(*right) for right in _RIGHTS]


@contextmanager
def _created(wanted: CopyPlan, ports: Ports) -> Iterator[Pod]:
    """The pod, which is deleted in the end; unless the connection was lost, after which one may attach to it."""
    namespace, name, uid = wanted.base.pod.namespace, wanted.pod, ""
    try:
        with ports.terminal.held():  # an answer that nobody awaits would be a pod that nobody deletes
            answer = ports.created().create_pod(namespace, wanted.manifest)
            uid = Fields.of("the created pod", answer).fields("metadata").text("uid")
        yield _checked(wanted, answer)
    except BaseException as error:
        if not isinstance(error, ConnectionLost) or isinstance(error, SessionLapsed):
            _delete(namespace, name, uid, ports)
        raise
    else:
        _delete(namespace, name, uid, ports)


def _checked(wanted: CopyPlan, answer: Json) -> Pod:
    """The created pod.

    Raises NoImageVolumes if its tools were dropped, and Forbidden if admission has changed its privileges.
    """
    if not has_tools(answer):
        raise NoImageVolumes
    pod = parse_pod(answer)
    if wanted.base.privilege.is_more:
        entry = pod.debug_container(wanted.container)
        (sent,) = wanted.manifest["spec"]["containers"]
        if changes := privilege_changes(sent, entry.spec if entry else {}):
            raise Forbidden(
                "the cluster's admission would give the copy other privileges than were asked for:\n"
                + "\n".join(f"  {change}" for change in changes),
                "A cluster administrator can exempt it.",
            )
    return pod


def _delete(namespace: str, name: str, uid: str, ports: Ports) -> None:
    try:
        with ports.terminal.held():
            ports.created().delete_pod(namespace, name, uid)
    except DshellError as error:
        command = f"kubectl delete pod {name} -n {namespace}"
        ports.notices.warn(
            f"the copy {name} could not be deleted ({error.message}); nothing runs in it after {LEASE_SECONDS} s. "
            f"Delete it with: {command}"
        )


def _run(request: OpenRequest, wanted: CopyPlan, pod: Pod, ports: Ports) -> int:
    plan, name = _in_copy(wanted, pod), wanted.container
    session = Session(
        request, plan, name, wanted.session, reused=False, just_started=True, entry=pod.debug_container(name)
    )
    outcome = run_session(session, ports)
    if isinstance(outcome, ContainerGone):
        source = wanted.base.pod.name
        raise never_began(plan, name, request.retry_command, outcome.why, ports, source=source)
    if isinstance(outcome, RootDenied):  # only a forged answer says so: there is nothing to enter
        raise Unavailable(f"{name} has not begun its session", f"Retry with: {request.retry_command}")
    return outcome


def _in_copy(wanted: CopyPlan, pod: Pod) -> Plan:
    """The plan of a session in the copy: the target is the app's container, of which no process is there."""
    base, entry = wanted.base, pod.debug_container(wanted.container)
    target = Target(pod, replace(base.target.container, id=""), base.target.notice)
    identity = Identity(*entry.user, Source.STATUS) if entry and entry.user else base.identity
    return replace(base, target=target, identity=identity)
