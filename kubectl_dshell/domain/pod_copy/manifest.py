"""The manifest of a copy: a pod of its own with one container, from the spec of another pod.

It takes over what the app's files, user and node depend on, and nothing by which anything else in the cluster would
take it for the app: no labels, owner, ports, probes or hooks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kubectl_dshell.domain.pod.copied import COPY_OF
from kubectl_dshell.domain.pod.json_fields import Fields
from kubectl_dshell.domain.pod_copy.volumes import CopiedVolumes, renamed_container, tools_mount, tools_volume

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_dshell.domain.pod.pod import Container, Json, Pod

MANAGED_BY = "app.kubernetes.io/managed-by"
_GRACE_SECONDS = 5
_LONGEST_NAME = 63  # a longer one would be cut to make the host name
_OURS = "DSHELL_"
# Of the fields of a v1 PodSpec, those that decide about files, user, network and where it may run.
_TEXTS = ("dnsPolicy", "runtimeClassName", "schedulerName")
_FLAGS = ("enableServiceLinks", "hostNetwork", "hostUsers")
_OBJECTS = ("dnsConfig", "os", "securityContext")
_LISTS = ("hostAliases", "imagePullSecrets", "tolerations")
_UNPLACED = ("affinity", "nodeSelector")
_LIMITED = ("cpu", "memory", "ephemeral-storage")


class Wanted(NamedTuple):
    """What is not of the other pod."""

    name: str
    """Of the copy."""
    image: str
    """With the tools."""
    pull_policy: str | None
    limit: int
    """--ttl, in seconds."""
    service_account: bool
    """Whether the copy has that of the other pod."""


def copy_name(pod: str, letters: str) -> str:
    """The name of a copy of `pod`, with random letters."""
    suffix = f"-dshell-{letters}"
    return pod[: _LONGEST_NAME - len(suffix)].rstrip("-.") + suffix


def copy_manifest(
    pod: Pod, container: Container, entry: Json, shared: CopiedVolumes, wanted: Wanted, custom: Json | None = None
) -> Json:
    """The v1 Pod. `entry`: the debug container (debug_container.spec). `custom`: what --custom has the last word on.

    Raises Malformed for fields of another type.
    """
    spec = Fields.of(f"pod {pod.name}", pod.spec)
    account = spec.text("serviceAccountName") if wanted.service_account else ""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": wanted.name,
            "namespace": pod.namespace,
            "labels": {MANAGED_BY: "kubectl-dshell"},
            "annotations": {COPY_OF: f"{pod.name}/{container.name}" if pod.uid else ""},
        },
        "spec": {
            **_kept(spec),
            **_place(pod, spec),
            "activeDeadlineSeconds": wanted.limit,
            "automountServiceAccountToken": wanted.service_account,
            **({"serviceAccountName": account} if account else {}),
            "containers": [_customized(_container(container, entry, shared), custom or {})],
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": _GRACE_SECONDS,
            "volumes": [*shared.volumes, tools_volume(wanted.image, wanted.pull_policy)],
        },
    }


def _customized(container: Json, custom: Json) -> Json:
    """Its variables are in the entry and its mounts among the volumes already."""
    from kubectl_dshell.domain.strategic_merge import merged

    return merged(container, {name: value for name, value in custom.items() if name not in ("env", "volumeMounts")})


def has_tools(pod: Json) -> bool:
    """Whether the API server has stored the image volume of a copy, instead of dropping what it does not know."""
    volumes = Fields.of("the created pod", pod).fields("spec").items("volumes")
    return any(volume.fields("image").text("reference") for volume in volumes)


def _kept(spec: Fields) -> Json:
    kept: Json = {}
    checks: tuple[tuple[tuple[str, ...], Callable[[str], object]], ...] = (
        (_TEXTS, spec.text),
        (_FLAGS, spec.flag),
        (_OBJECTS, spec.shallow),
        (_LISTS, spec.items),
    )
    for names, check in checks:
        for name in names:
            check(name)
            if spec.json.get(name) is not None:
                kept[name] = spec.json[name]
    return kept


def _place(pod: Pod, spec: Fields) -> Json:
    """The pod's node, by way of the scheduler: volumes may be there only; what led to it if it has no node yet."""
    if not pod.node:
        return {name: spec.json[name] for name in _UNPLACED if spec.shallow(name).json}
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [pod.node]}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    return {"affinity": {"nodeAffinity": required}}


def _container(container: Container, entry: Json, shared: CopiedVolumes) -> Json:
    spec = Fields.of(f"container {container.name}", container.spec)
    name = entry["name"]
    own = [variable for variable in spec.items("env") if not variable.text("name").startswith(_OURS)]
    resources = _resources(spec.fields("resources"))
    return {
        **{key: value for key, value in entry.items() if key != "targetContainerName"},
        "env": [*(renamed_container(dict(variable.json), name) for variable in own), *entry["env"]],
        **({"envFrom": [dict(source.json) for source in found]} if (found := spec.items("envFrom")) else {}),
        **({"resources": resources} if resources else {}),
        **({"volumeDevices": list(shared.devices)} if shared.devices else {}),
        "volumeMounts": [*shared.mounts, tools_mount()],
    }


def _resources(resources: Fields) -> Json:
    """The limits, and requests of nothing: it has to fit on the node beside the app. No device is taken from others."""
    limits = resources.fields("limits")
    kept = {name: limits.json[name] for name in _LIMITED if limits.json.get(name) is not None}
    asked = [name for name in _LIMITED if name in kept or resources.fields("requests").json.get(name) is not None]
    return {
        **({"limits": kept} if kept else {}),
        **({"requests": dict.fromkeys(asked, "0")} if asked else {}),
    }
