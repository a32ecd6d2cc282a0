"""From a request to the debug container it needs: reads the cluster, changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from shlex import quote
from typing import TYPE_CHECKING

from kubectl_dshell.commands.pending import Pending
from kubectl_dshell.domain.access.identity import Identity, Source, identify, stamp
from kubectl_dshell.domain.access.privilege import DEFAULT, Privilege, security_context
from kubectl_dshell.domain.access.target import Target, choose_target, nearest, refuse_new
from kubectl_dshell.domain.debug_container.entries import has_room, json_bytes, too_large
from kubectl_dshell.domain.debug_container.purpose import running
from kubectl_dshell.domain.debug_container.seal import seal
from kubectl_dshell.domain.debug_container.spec import LEASE_SECONDS, NAME_LETTERS, PREFIX, DebugSpec, container_spec
from kubectl_dshell.domain.pod.pod import Json, Pod, called, parse_pod
from kubectl_dshell.errors import DshellError, Forbidden, PodNotFound, PodTooLarge
from kubectl_dshell.remote.exec_script import first_command, shell_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_dshell.commands.first_requests import FirstRequests
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.request import OpenRequest
    from kubectl_dshell.domain.debug_container.spec import InAppImage


_NAME_MAX = 61  # of a DNS label's 63


@dataclass(frozen=True, slots=True)
class Plan:
    """The target, the user to run as, and the debug container for both."""

    target: Target
    identity: Identity
    wanted: DebugSpec
    name: str | None = None
    """The debug container that the user named; None for any."""
    pod_bytes: int = 0
    """The size of the pod's JSON when it was read."""
    within: InAppImage | None = None
    """For a new debug container of the app's image."""
    privilege: Privilege = DEFAULT

    @property
    def pod(self) -> Pod:
        return self.target.pod


def read_pod(namespace: str, name: str, ports: Ports) -> Pod:
    """The pod; raises PodNotFound with the most similar names, or Forbidden."""
    return parse_pod(_found(lambda: ports.cluster.get_pod(namespace, name), namespace, name, ports))


def _found(read: Callable[[], Json], namespace: str, name: str, ports: Ports) -> Json:
    try:
        return read()
    except PodNotFound as error:
        raise _no_pod(namespace, name, ports) from error


def _no_pod(namespace: str, name: str, ports: Ports) -> PodNotFound:
    try:
        names = [called(pod)[1] for pod in ports.cluster.list_pods(namespace)]
    except DshellError:
        names = []  # a user who may not list gets the error without the hint
    alike = nearest(name, names)
    hint = f"; did you mean {' or '.join(alike)}?" if alike else ""
    return PodNotFound(
        f'no pod "{name}" in namespace {namespace}{hint}',
        *([] if alike else [f"List them with: kubectl get pods -n {quote(namespace)} (another namespace: -n)"]),
    )


def plan(request: OpenRequest, ports: Ports, first: FirstRequests | None = None) -> Plan:
    """The first plan, from what is known before anything runs in the pod. `first`: what has been asked already."""
    namespace, name = request.namespace, request.pod
    owner = first.owner if first else Pending(ports.cluster.whoami)
    read = first.pod.result if first else lambda: ports.cluster.get_pod(namespace, name)
    raw = _found(read, namespace, name, ports)
    pod = parse_pod(raw)
    target = _target(request, pod, ports)
    identity = planned_identity(request, target, ports)
    mounts = _mounts(request, target, identity, ports) if request.volumes else ()
    custom = request.privilege.custom
    wanted = DebugSpec(
        target=target.container.name,
        image=request.image,
        pull_policy=(custom and custom.container.get("imagePullPolicy")) or request.pull_policy,
        security=security_context(request.privilege, pod, target.container, identity),
        owner=owner.result(),
        version=request.version,
        limit=request.ttl,
        env=request.env,
        reason=request.reason,
        mounts=mounts,
        custom=custom.rest if custom else {},
    )
    made = Plan(target, identity, wanted, request.name, json_bytes(raw), privilege=request.privilege)
    if request.privilege != DEFAULT:
        _check_privilege(made, request.retry_command, ports)
    return made


def _target(request: OpenRequest, pod: Pod, ports: Ports) -> Target:
    if request.volumes or request.wait_for_start:
        from kubectl_dshell.domain.access.down import choose_down

        target = choose_down(pod, request.container, ports.invocation)
        # of volumes alone no process is looked for
        return replace(target, container=replace(target.container, id="")) if request.volumes else target
    return choose_target(pod, request.container, ports.clock.now(), new=request.new, invocation=ports.invocation)


def _mounts(request: OpenRequest, target: Target, identity: Identity, ports: Ports) -> tuple[Json, ...]:
    from kubectl_dshell.domain.access.volumes import refuse_unknown_user, volumes_of

    mounts = volumes_of(target, ports.invocation).mounts
    refuse_unknown_user(target, identity, request.retry_command)
    return mounts


def planned_identity(request: OpenRequest, target: Target, ports: Ports) -> Identity:
    """The user that the flags name, else the best that is known of the app's."""
    privilege, run_as = request.privilege, request.run_as
    uid, gid = privilege.custom.user if privilege.custom else (None, None)
    if uid is not None:
        run_as = (uid, gid)
    found = identify(target.pod, target.container, run_as, ports.keyring.key())
    if privilege.profile.user and run_as is None:
        found = Identity(*privilege.profile.user, Source.PROFILE)
    if (uid, gid) == (None, None):
        return found
    return Identity(found.uid, found.gid if gid is None else gid, Source.CUSTOM)


def _check_privilege(made: Plan, retry_command: str, ports: Ports) -> None:
    from kubectl_dshell.domain.access.privilege_check import PrivilegeCheck

    check = PrivilegeCheck(made.privilege, made.wanted.security, made.target, made.identity, retry_command)
    check.refuse()
    if check.notice:
        ports.notices.notice(check.notice)


def refuse_chroot(request: OpenRequest, current: Plan) -> None:
    """Raises Forbidden if --chroot was asked for, and the debug container will not be able to do it."""
    if not request.chroot:
        return
    from kubectl_dshell.domain.access.permitted import no_chroot, permitted
    from kubectl_dshell.domain.runtime.capabilities import defaults

    security, runtime = current.wanted.security, current.target.container.runtime
    uid = security.get("runAsUser")
    if not (why := no_chroot(uid, permitted(security, uid, runtime), runtime)):
        return
    app_image = request.retry_command.replace(" --chroot", "").replace(" --trace", "") + " --app-image"
    advice = [f"Use a container of the app's image: {app_image}"]
    asked = request.privilege
    if uid == 0 and not asked.custom and "SYS_CHROOT" not in defaults(runtime).capabilities:
        kept = tuple(name for name in asked.cap_drop if name != "SYS_CHROOT")
        more = asked._replace(cap_add=(*asked.cap_add, "SYS_CHROOT"), cap_drop=kept)
        advice.append(f"Or ask for it, which may be more than the app has: {request.retry_command} {more.flags}")
    raise Forbidden(f"--chroot cannot work in {current.pod.name}: {why}", *advice)


def replace_identity(current: Plan, identity: Identity) -> Plan:
    """The same plan with a better identity; a given name gets a suffix, since the name of an entry cannot be reused."""
    security = security_context(current.privilege, current.pod, current.target.container, identity)
    wanted = replace(current.wanted, security=security, measured=stamp(identity, current.target.container))
    return replace(current, identity=identity, wanted=wanted, name=another_name(current.name))


def another_name(name: str | None) -> str | None:
    """The name for a second debug container if the first was given this one."""
    return f"{name[:_NAME_MAX]}-2" if name else None


def debug_container(plan: Plan, ports: Ports, first_seconds: int = LEASE_SECONDS, *, sealed: bool = True) -> Json:
    """A new entry, with a random name if none is given.

    Raises NotFound if no new one can start in the pod, PodTooLarge if it has no room for one.

    `first_seconds`: how long it waits for the first beat of its session.
    An entry that is only printed is not `sealed`: the seal would vouch for whatever is added under its name.
    """
    refuse_new(plan.pod, ports.invocation)
    name = plan.name or PREFIX + ports.clock.random_letters(NAME_LETTERS, 5)
    key = ports.keyring.key(make=True) if sealed and plan.pod.uid else None
    ours = seal(key, plan.pod.uid, name, plan.wanted) if key else ""
    within = plan.within
    command = first_command(shell_of(within.tools if within else None))
    session = within.session if within else session_id(ports)
    entry = container_spec(name, plan.wanted, command, f"{session} {first_seconds}", ours, within)
    if not has_room(plan.pod, plan.pod_bytes, entry):
        raise no_room(plan, ports)
    return entry


def no_room(plan: Plan, ports: Ports, refused: str = "") -> PodTooLarge:
    """As `entries.too_large`, with the user's own debug container to join if one runs."""
    pod = plan.pod
    mine = running(pod, ports.keyring.key())
    commands = [ports.invocation.attach(pod.namespace, pod.name, name) for name in mine]
    return too_large(pod, plan.pod_bytes, commands, refused)


def say_refused_key(ports: Ports) -> None:
    """A key that exists but cannot be used is for the user to fix; said once, however many ways are tried."""
    if ports.keyring.refused and not ports.keyring.told:
        ports.keyring.told = True
        ports.notices.notice(f"your key cannot be used, so no debug container is reused: {ports.keyring.trouble}")


def session_id(ports: Ports) -> str:
    """A new one. It is not a secret: it distinguishes the sessions of one debug container."""
    return ports.clock.random_letters(NAME_LETTERS, 8)
