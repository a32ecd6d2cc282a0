"""From a request to the debug container it needs: reads the cluster, changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from shlex import quote
from typing import TYPE_CHECKING

from kubectl_dshell.domain.access.identity import Identity, Source, identify, stamp
from kubectl_dshell.domain.access.privilege import Profile, security_context
from kubectl_dshell.domain.access.target import Target, choose_target, nearest, refuse_new
from kubectl_dshell.domain.debug_container.seal import seal
from kubectl_dshell.domain.debug_container.spec import LEASE_SECONDS, NAME_LETTERS, PREFIX, DebugSpec, container_spec
from kubectl_dshell.domain.pod.pod import Json, Pod, called, parse_pod
from kubectl_dshell.errors import DshellError, PodNotFound

if TYPE_CHECKING:
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.request import OpenRequest


_NAME_MAX = 61  # of a DNS label's 63


@dataclass(frozen=True, slots=True)
class Plan:
    """The target, the user to run as, and the debug container for both."""

    target: Target
    identity: Identity
    wanted: DebugSpec
    name: str | None = None
    """The debug container that the user named; None for any."""

    @property
    def pod(self) -> Pod:
        return self.target.pod


def read_pod(namespace: str, name: str, ports: Ports) -> Pod:
    """The pod; raises PodNotFound with the most similar names, or Forbidden."""
    try:
        return parse_pod(ports.cluster.get_pod(namespace, name))
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


def plan(request: OpenRequest, ports: Ports) -> Plan:
    """The first plan, from what is known before anything runs in the pod."""
    pod = read_pod(request.namespace, request.pod, ports)
    target = choose_target(pod, request.container, ports.clock.now(), new=request.new, invocation=ports.invocation)
    identity = identify(pod, target.container, request.run_as, ports.keyring.key())
    if request.profile.user and request.run_as is None:
        identity = Identity(*request.profile.user, Source.PROFILE)
    wanted = DebugSpec(
        target=target.container.name,
        image=request.image,
        pull_policy=request.pull_policy,
        security=security_context(request.profile, pod, target.container, identity),
        owner=ports.cluster.whoami(),
        version=request.version,
        limit=request.ttl,
        env=request.env,
        reason=request.reason,
    )
    return Plan(target, identity, wanted, request.name)


def replace_identity(current: Plan, identity: Identity) -> Plan:
    """The same plan with a better identity; a given name gets a suffix, since the name of an entry cannot be reused."""
    security = security_context(Profile.AUTO, current.pod, current.target.container, identity)
    wanted = replace(current.wanted, security=security, measured=stamp(identity, current.target.container))
    return replace(current, identity=identity, wanted=wanted, name=another_name(current.name))


def another_name(name: str | None) -> str | None:
    """The name for a second debug container if the first was given this one."""
    return f"{name[:_NAME_MAX]}-2" if name else None


def debug_container(plan: Plan, ports: Ports, first_seconds: int = LEASE_SECONDS, *, sealed: bool = True) -> Json:
    """A new entry, with a random name if none is given; raises NotFound if no new one can start in the pod.

    `first_seconds`: how long it waits for the first beat of its session.
    An entry that is only printed is not `sealed`: the seal would vouch for whatever is added under its name.
    """
    refuse_new(plan.pod, ports.invocation)
    name = plan.name or PREFIX + ports.clock.random_letters(NAME_LETTERS, 5)
    key = ports.keyring.key(make=True) if sealed and plan.pod.uid else None
    ours = seal(key, plan.pod.uid, name, plan.wanted) if key else ""
    return container_spec(name, plan.wanted, ports.scripts, f"{session_id(ports)} {first_seconds}", ours)


def say_refused_key(ports: Ports) -> None:
    """A key that exists but cannot be used is for the user to fix."""
    if ports.keyring.refused:
        ports.notices.notice(f"your key cannot be used, so no debug container is reused: {ports.keyring.trouble}")


def session_id(ports: Ports) -> str:
    """A new one. It is not a secret: it distinguishes the sessions of one debug container."""
    return ports.clock.random_letters(NAME_LETTERS, 8)
