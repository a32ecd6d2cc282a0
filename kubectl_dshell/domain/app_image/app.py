"""What a debug container of the app's image takes over from the app's container: image, volumes, working directory."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from kubectl_dshell.domain.pod.json_fields import Fields
from kubectl_dshell.domain.pod.pod import Json
from kubectl_dshell.domain.text.bounds import LONGEST_LINE

if TYPE_CHECKING:
    from kubectl_dshell.domain.pod.pod import Container

_RESOLVED = re.compile(r"(?:docker-pullable://)?(?P<repository>[^\s@]+)@(?P<digest>sha256:[0-9a-f]{64})", re.ASCII)
MOUNT_FIELDS = ("name", "mountPath", "readOnly", "recursiveReadOnly", "mountPropagation")
"""Of a v1 VolumeMount, those that an ephemeral container may have: no subPath (core/v1 EphemeralContainer)."""


class AppParts(NamedTuple):
    """Of the app's container. `mounts` are v1 VolumeMounts."""

    image: str
    mounts: tuple[Json, ...]
    working_dir: str
    left_out: tuple[str, ...]
    """The mount paths of those volumes that an ephemeral container may not have (core/v1 EphemeralContainer)."""


def app_parts(container: Container) -> AppParts:
    """Raises Malformed for fields of another type."""
    spec = Fields.of(f"container {container.name}", container.spec)
    mounts, left_out = list[Json](), list[str]()
    for mount in spec.items("volumeMounts"):
        path = mount.text("mountPath")
        if mount.text("subPath") or mount.text("subPathExpr"):
            left_out.append(path)
        else:
            mounts.append(_copied(mount))
    left_out += [device.text("devicePath") for device in spec.items("volumeDevices")]
    return AppParts(
        _image(spec.text("image"), container.image_id), tuple(mounts), spec.text("workingDir"), tuple(left_out)
    )


def _copied(mount: Fields) -> Json:
    mount.text("name", LONGEST_LINE)
    mount.flag("readOnly")
    mount.text("recursiveReadOnly", LONGEST_LINE)
    propagates_back = mount.text("mountPropagation", LONGEST_LINE) == "Bidirectional"  # only if privileged
    copied = {key: mount.json[key] for key in MOUNT_FIELDS if key in mount.json}
    return {**copied, "mountPropagation": "HostToContainer"} if propagates_back else copied


def _image(wanted: str, resolved: str) -> str:
    """By its digest, since another image may have got the same tag: if the node knows that of the same repository."""
    found = _RESOLVED.fullmatch(resolved)
    repository = re.sub(r"(@[^/]*|:[^/:]*)$", "", wanted)
    if found is None or _full(found["repository"]) != _full(repository):
        return wanted
    return f"{repository}@{found['digest']}"


def _full(repository: str) -> str:
    """With the registry and folder that are meant if none is given (distribution `reference.ParseNormalizedNamed`)."""
    host, slash, rest = repository.partition("/")
    if not slash or not ("." in host or ":" in host or host == "localhost"):
        host, rest = "docker.io", repository
    if host == "index.docker.io":
        host = "docker.io"
    return f"{host}/library/{rest}" if host == "docker.io" and "/" not in rest else f"{host}/{rest}"
