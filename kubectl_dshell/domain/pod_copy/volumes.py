"""The volumes of a copy: those that the container mounts, as far as two pods can have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kubectl_dshell.domain.pod.copied import TOOLS_FOLDER
from kubectl_dshell.domain.pod.json_fields import Fields

if TYPE_CHECKING:
    from kubectl_dshell.domain.pod.pod import Container, Json, Pod

TOOLS_VOLUME = "dshell-tools"


class CopiedVolumes(NamedTuple):
    """v1 Volumes, VolumeMounts and VolumeDevices; `empty` and `tokens` are mount paths, `claims` names of PVCs."""

    volumes: tuple[Json, ...]
    mounts: tuple[Json, ...]
    devices: tuple[Json, ...]
    empty: tuple[str, ...]
    """Of an emptyDir: that of the other pod is not shared, so that these begin empty."""
    tokens: tuple[str, ...]
    """Left out, because they hold nothing but the token of a service account."""
    claims: tuple[str, ...]


def copied_volumes(pod: Pod, container: Container, name: str, *, service_account: bool) -> CopiedVolumes:
    """The volumes for the container `name` of a copy. Raises Malformed for fields of another type.

    `service_account`: the copy has the service account of the pod, so that tokens are those of the app.
    """
    spec = Fields.of(f"container {container.name}", container.spec)
    mounts = [m for m in spec.items("volumeMounts") if not _is_of_tools(m.text("name"), m.text("mountPath"))]
    devices = spec.items("volumeDevices")
    used = {one.name("name") for one in (*mounts, *devices)}
    kept: dict[str, Json] = {}
    empty, claims = set[str](), list[str]()
    for volume in Fields.of(f"pod {pod.name}", pod.spec).items("volumes"):
        volume_name = volume.name("name")
        if volume_name not in used or (copied := _copied(volume, name, service_account=service_account)) is None:
            continue
        if volume.json.get("ephemeral") is not None:
            copied = {"name": volume_name, "persistentVolumeClaim": {"claimName": f"{pod.name}-{volume_name}"}}
        if claim := Fields.of(volume.what, copied).fields("persistentVolumeClaim").text("claimName"):
            claims.append(claim)
        if "emptyDir" in copied:
            empty.add(volume_name)
        kept[volume_name] = copied
    return CopiedVolumes(
        tuple(kept.values()),
        tuple(dict(m.json) for m in mounts if m.text("name") in kept),
        tuple(dict(d.json) for d in devices if d.text("name") in kept),
        tuple(m.text("mountPath") for m in mounts if m.text("name") in empty),
        tuple(m.text("mountPath") for m in mounts if m.text("name") not in kept),
        tuple(claims),
    )


def tools_volume(image: str, pull_policy: str | None) -> Json:
    """A v1 Volume with the files of the image (KEP-4639)."""
    return {"name": TOOLS_VOLUME, "image": {"reference": image, **({"pullPolicy": pull_policy} if pull_policy else {})}}


def tools_mount() -> Json:
    return {"name": TOOLS_VOLUME, "mountPath": TOOLS_FOLDER, "readOnly": True}


def renamed_container(value: Any, name: str) -> Any:
    """`value`, in which each `containerName` (of a resourceFieldRef) is `name`, the only container of the copy."""
    if isinstance(value, dict):
        return {key: name if key == "containerName" else renamed_container(one, name) for key, one in value.items()}
    return [renamed_container(one, name) for one in value] if isinstance(value, list) else value


def _is_of_tools(name: str, path: str) -> bool:
    """Whether it is ours already, in a copy of a copy."""
    return name == TOOLS_VOLUME or path.rstrip("/") == TOOLS_FOLDER


def _copied(volume: Fields, name: str, *, service_account: bool) -> Json | None:
    """The volume; None for one with a token only."""
    whole = dict(Fields.of(volume.what, {"volume": volume.json}).shallow("volume").json)
    sources = volume.fields("projected").items("sources")
    if sources:
        others = [source for source in sources if source.json.get("serviceAccountToken") is None]
        injected = volume.text("name").startswith("kube-api-access-")  # each pod gets its own
        if injected or (not service_account and not others):
            return None
        if not service_account:
            whole["projected"] = {**whole["projected"], "sources": [dict(source.json) for source in others]}
    copied: Json = renamed_container(whole, name)
    return copied
