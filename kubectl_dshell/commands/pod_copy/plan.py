"""From a request to the manifest of a copy: reads the cluster, changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kubectl_dshell.commands.pending import Pending
from kubectl_dshell.commands.session.plan import Plan, planned_identity, read_pod, session_id
from kubectl_dshell.domain.access.identity import identify
from kubectl_dshell.domain.access.privilege import DEFAULT
from kubectl_dshell.domain.access.target import Target
from kubectl_dshell.domain.app_image.app import AppParts, app_parts
from kubectl_dshell.domain.app_image.tools import MOUNTED
from kubectl_dshell.domain.debug_container.seal import seal
from kubectl_dshell.domain.debug_container.spec import (
    LEASE_SECONDS,
    NAME_LETTERS,
    PREFIX,
    DebugSpec,
    InAppImage,
    PullPolicy,
    container_spec,
)
from kubectl_dshell.domain.pod_copy.identity import copied_security
from kubectl_dshell.domain.pod_copy.image_alone import image_alone
from kubectl_dshell.domain.pod_copy.manifest import Wanted, copy_manifest, copy_name
from kubectl_dshell.domain.pod_copy.source import choose_source
from kubectl_dshell.domain.pod_copy.volumes import CopiedVolumes, copied_volumes
from kubectl_dshell.remote.exec_script import first_command, shell_of

if TYPE_CHECKING:
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.request import OpenRequest
    from kubectl_dshell.domain.pod.pod import Container, Json


@dataclass(frozen=True, slots=True)
class CopyPlan:
    """The manifest of the copy, and the plan of a session in it; its target is still in the other pod."""

    base: Plan
    manifest: Json
    session: str
    """The ID of the session that the copy waits for."""
    shared: CopiedVolumes

    @property
    def container(self) -> str:
        """Its only container."""
        name: str = self.manifest["spec"]["containers"][0]["name"]
        return name

    @property
    def pod(self) -> str:
        name: str = self.manifest["metadata"]["name"]
        return name


def plan_copy(request: OpenRequest, ports: Ports, *, service_account: bool, sealed: bool = True) -> CopyPlan:
    """The copy that `request` wants; raises NotFound or PodNotFound if there is nothing to copy."""
    owner = Pending(ports.cluster.whoami)
    pod = read_pod(request.namespace, request.pod, ports)
    target = choose_source(pod, request.container, ports.invocation)
    parts = app_parts(target.container)
    wanted = _wanted(request, target, parts.image, owner)
    privilege = request.privilege
    custom = privilege.custom
    wanted = replace(
        wanted,
        pull_policy=(custom and custom.container.get("imagePullPolicy")) or PullPolicy.IF_NOT_PRESENT.value,
        security=copied_security(pod, target.container, request.run_as, privilege),
        custom=custom.rest if custom else {},
    )
    if privilege != DEFAULT:
        _check_privilege(request, target, wanted, ports)
    return _planned(request, target, wanted, ports, sealed=sealed, account=service_account)


def plan_image(request: OpenRequest, image: str, ports: Ports, *, sealed: bool = True) -> CopyPlan:
    """A pod of `image` alone; of the pod in `request`, if there is one, it has user, place and pull secrets."""
    owner, like = Pending(ports.cluster.whoami), None
    if request.pod:
        pod = read_pod(request.namespace, request.pod, ports)
        like = choose_source(pod, request.container, ports.invocation)
    alone = image_alone(request.namespace, image, like, request.run_as)
    target = Target(alone, alone.containers[0], like.notice if like else "")
    wanted = replace(_wanted(request, target, image, owner), security=target.container.security)
    return _planned(request, target, wanted, ports, sealed=sealed, account=False)


def _check_privilege(request: OpenRequest, target: Target, wanted: DebugSpec, ports: Ports) -> None:
    from kubectl_dshell.domain.access.privilege_check import PrivilegeCheck

    identity = planned_identity(request, target, ports)
    check = PrivilegeCheck(request.privilege, wanted.security, target, identity, request.retry_command)
    check.refuse_vain()
    if check.notice:
        ports.notices.notice(check.notice)


def _wanted(request: OpenRequest, target: Target, image: str, owner: Pending[str]) -> DebugSpec:
    return DebugSpec(
        target=target.container.name,
        image=image,
        pull_policy=None,
        security={},
        owner=owner.result(),
        version=request.version,
        limit=request.ttl,
        env=request.env,
        reason=request.reason,
        tools_image=request.image,
    )


def _planned(
    request: OpenRequest, target: Target, wanted: DebugSpec, ports: Ports, *, sealed: bool, account: bool
) -> CopyPlan:
    pod, source = target.pod, _with_mounts(target.container, wanted.custom)
    letters = ports.clock.random_letters(NAME_LETTERS, 5)
    name, pod_name = PREFIX + letters, copy_name(pod.name, letters)
    shared = copied_volumes(pod, source, name, service_account=account)
    session = session_id(ports)
    key = ports.keyring.key(make=True) if sealed else None
    within = InAppImage(MOUNTED, AppParts(wanted.image, (), app_parts(source).working_dir, ()), session)
    entry = container_spec(
        name,
        wanted,
        first_command(shell_of(MOUNTED)),
        f"{session} {LEASE_SECONDS}",
        seal(key, f"copy {pod.namespace}/{pod_name}", name, wanted) if key else "",
        within,
    )
    made = Wanted(pod_name, request.image, request.pull_policy, request.ttl, account)
    manifest = copy_manifest(pod, source, entry, shared, made, wanted.custom)
    identity = identify(pod, source, request.run_as)
    if request.privilege != DEFAULT:
        identity = planned_identity(request, target, ports)
    base = Plan(target, identity, wanted, privilege=request.privilege)
    return CopyPlan(replace(base, within=within), manifest, session, shared)


def _with_mounts(source: Container, custom: Json) -> Container:
    """`source`, which also mounts what --custom does: a copy has only the volumes that its container mounts."""
    if not (mounts := custom.get("volumeMounts")):
        return source
    from kubectl_dshell.domain.strategic_merge import merged

    own = source.spec if isinstance(source.spec.get("volumeMounts"), list) else {**source.spec, "volumeMounts": []}
    return replace(source, spec=merged(own, {"volumeMounts": mounts}))
