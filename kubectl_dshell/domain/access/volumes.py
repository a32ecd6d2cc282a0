"""The volumes of a container that need not run, for a debug container that has not joined it (--volumes)."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from kubectl_dshell.domain.access.identity import UNKNOWN, Identity
from kubectl_dshell.domain.access.target import TOKEN, copy_advice
from kubectl_dshell.domain.app_image.app import app_parts
from kubectl_dshell.domain.pod.json_fields import Fields
from kubectl_dshell.domain.text.bounds import LONGEST_MESSAGE, one_line
from kubectl_dshell.errors import Forbidden, NotFound, Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_dshell.domain.access.target import Target
    from kubectl_dshell.domain.pod.pod import Json, Pod
    from kubectl_dshell.domain.text.invocation import Invocation

_NEEDED = re.compile(
    r"|dev|proc|etc|usr|usr/local|(?:usr/(?:local/)?)?s?bin|(?:usr/(?:local/)?)?lib(?:32|64|x32)?(?:/[^/]+-linux-[^/]+)?"
)
"""Directories of the debug image from which its shell and tools come, and what they load: a volume there would hide
them, or have the app choose what a session runs."""
_SHOWN = 5
_NO_DIRECTORIES = ("File", "FileOrCreate", "Socket", "CharDevice", "BlockDevice")  # types of a hostPath


class Volumes(NamedTuple):
    """Of one container. `mounts`: v1 VolumeMounts for a debug container; `left_out`: the paths of the others."""

    mounts: tuple[Json, ...]
    left_out: tuple[str, ...]


def volumes_of(target: Target, invocation: Invocation) -> Volumes:
    """The mounts of the container that an ephemeral container may have, unchanged.

    Raises NotFound if it has none, Unavailable if one of them would hide the shell of the debug image, Malformed for
    fields of another type.
    """
    pod, container = target.pod, target.container
    parts = app_parts(container)
    advice = copy_advice(pod, container.name, invocation)
    if not parts.mounts and parts.left_out:
        raise NotFound(
            f"container {container.name} of {pod.name} mounts nothing that an ephemeral container may have: "
            f"{listed(parts.left_out)} (subPath or device)",
            advice,
        )
    if not parts.mounts:
        raise NotFound(f"container {container.name} of {pod.name} mounts no volume", advice)
    for mount in parts.mounts:
        path = _path(mount)
        if _NEEDED.fullmatch(path.strip("/")):
            raise Unavailable(
                f"container {container.name} of {pod.name} mounts a volume at {one_line(path)}, which would hide the "
                "shell of the debug image, or what that loads",
                advice,
            )
    return Volumes(parts.mounts, parts.left_out)


def refuse_unknown_user(target: Target, identity: Identity, command: str) -> None:
    """Raises Forbidden if nothing tells the user of the container: no process of it is there to be asked."""
    if identity == UNKNOWN:
        raise Forbidden(
            f"neither the status nor the spec of container {target.container.name} of {target.pod.name} says as which "
            "user it runs, and none of its processes can be asked",
            f"Name the user: {command} --run-as UID[:GID]",
        )


def places(pod: Pod, mounts: Sequence[Json]) -> tuple[str, ...]:
    """Where the volumes are, directories of the app first: a session starts in the first of them that is one."""
    volumes = {one.text("name"): one for one in Fields.of(f"pod {pod.name}", pod.spec).items("volumes")}

    def last(mount: Json) -> int:
        volume = volumes.get(mount.get("name", ""))
        is_file = volume is not None and volume.fields("hostPath").text("type") in _NO_DIRECTORIES
        return 2 if is_file else int(_path(mount) == TOKEN)

    paths = [_path(mount) for mount in sorted(mounts, key=last)]
    # a path with a colon is invalid, and one that is not printable could not be typed
    return tuple(path for path in paths if path.isprintable() and ":" not in path) or ("/",)


def listed(paths: Sequence[str]) -> str:
    """Some paths for people."""
    return one_line(", ".join(paths[:_SHOWN]), LONGEST_MESSAGE) + ", ..." * (len(paths) > _SHOWN)


def _path(mount: Json) -> str:
    return "/" + posixpath.normpath(mount.get("mountPath") or "/").lstrip("/")
