"""The entry to add to spec.ephemeralContainers: its name, command and stamps."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from kubectl_dshell.domain.pod.copied import TOOLS_VARIABLE
from kubectl_dshell.domain.text.bounds import small_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kubectl_dshell.domain.app_image.app import AppParts
    from kubectl_dshell.domain.app_image.tools import Tools
    from kubectl_dshell.domain.pod.pod import Json

PREFIX = "dshell-"
TAKEN_OVER = {"workingDir", "volumeMounts"}
"""Fields that a debug container of the app's image has from the app."""
VOLUMES_OF = "DSHELL_VOLUMES_OF"
"""The variable with the container whose volumes a debug container without a target has (--volumes)."""
NAME_LETTERS = (
    "bcdfghjklmnpqrstvwxz2456789"  # the alphabet of generateName (apimachinery `util/rand`): no vowels, no 0, 1 or 3
)
PROTOCOL = 2  # of the messages between client and holder (docs/protocol.md); 1 had the scripts in the entry
LEASE_SECONDS = (
    50  # a client sends a heartbeat every 15 s; with the runtime's delay, everything of a lost one is gone within 60 s
)
FIRST_SECONDS = 4  # for the first heartbeat: 5 s after a client quits during the start, nothing of it runs in the pod


class PullPolicy(StrEnum):
    """The API's own (core/v1 PullPolicy)."""

    ALWAYS = "Always"
    IF_NOT_PRESENT = "IfNotPresent"
    NEVER = "Never"


@dataclass(frozen=True, slots=True)
class DebugSpec:
    """Everything that distinguishes one debug container from another."""

    target: str
    image: str
    pull_policy: str | None
    security: Json
    owner: str
    version: str
    limit: int
    env: tuple[tuple[str, str], ...]
    measured: str = ""
    """The stamp of an identity that had to be measured (identity.stamp)."""
    reason: str = ""
    """The purpose given by the owner (--reason)."""
    tools_image: str = ""
    """The debug image, whose tools are borrowed, if `image` is the app's (--app-image)."""
    mounts: tuple[Json, ...] = ()
    """The v1 VolumeMounts of `target`, if its volumes are all that is needed of it, and it need not run (--volumes)."""
    custom: Json = field(default_factory=dict)
    """A partial v1 Container that is merged into the entry (--custom), without what the other fields hold."""


def full_name(name: str) -> str:
    """The name of the debug container for --name NAME."""
    return name if name.startswith(PREFIX) else PREFIX + name


class InAppImage(NamedTuple):
    """What a debug container of the app's image has besides: the tools it borrows, and what it takes from the app."""

    tools: Tools
    parts: AppParts
    session: str
    """The ID of the session that it is created for, by which the lender of the tools knows the debug container, too."""


def container_spec(
    name: str,
    wanted: DebugSpec,
    command: Sequence[str],
    starter: str,
    seal: str = "",
    within: InAppImage | None = None,
) -> Json:
    """The v1 EphemeralContainer, whose first process is `command`.

    `starter`: the ID of the session it is created for, and the seconds to wait for it.
    `seal`: proof of its creator (seal.seal); empty if there is no key.
    """
    ours = {
        "DSHELL_PROTOCOL": f"{PROTOCOL} {starter}",
        **_stamps(wanted, seal),
        **({TOOLS_VARIABLE: within.tools.stamp} if within else {}),
    }
    entry = {
        "name": name,
        "image": wanted.image,
        **({"imagePullPolicy": wanted.pull_policy} if wanted.pull_policy else {}),
        "command": [escape_expansion(word) for word in command],
        "env": [{"name": k, "value": escape_expansion(v)} for k, v in (*wanted.env, *ours.items())],
        "securityContext": wanted.security,
        "stdin": True,
        **({"volumeMounts": list(wanted.mounts)} if wanted.mounts else {"targetContainerName": wanted.target}),
        # If the runtime cannot start the first process, only the log has the reason.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        **(_taken_over(within.parts) if within else {}),
    }
    if not wanted.custom:
        return entry
    from kubectl_dshell.domain.strategic_merge import merged

    return merged(entry, wanted.custom)


def _stamps(wanted: DebugSpec, seal: str) -> dict[str, str]:
    return {
        "DSHELL_OWNER": wanted.owner,
        "DSHELL_VERSION": wanted.version,
        **({"DSHELL_SEAL": seal} if seal else {}),
        **({"DSHELL_MEASURED": wanted.measured} if wanted.measured else {}),
        **({"DSHELL_REASON": wanted.reason} if wanted.reason else {}),
        **({VOLUMES_OF: wanted.target} if wanted.mounts else {}),
        "DSHELL_LIMIT": str(wanted.limit),
    }


def _taken_over(parts: AppParts) -> Json:
    return {
        **({"workingDir": parts.working_dir} if parts.working_dir else {}),
        **({"volumeMounts": list(parts.mounts)} if parts.mounts else {}),
    }


def tools_of(spec: Json) -> Tools | None:
    """The tools that an entry claims to borrow; None for a debug container that has its own."""
    stamp = environment(spec).get(TOOLS_VARIABLE)
    if not stamp:
        return None
    from kubectl_dshell.domain.app_image.tools import parse_tools

    return parse_tools(stamp, spec.get("command") or [])


def escape_expansion(text: str) -> str:
    """`text`, escaped so that the kubelet's expansion of $(NAME) and $$ in command and env yields it unchanged.

    A `$` before anything else is left alone by it (k8s.io/kubernetes `third_party/forked/golang/expansion`), but up to
    1.31 one before a character outside ASCII breaks that character.
    """
    return re.sub(r"\$(?=[$(]|[^\x00-\x7f])", "$$", text)


def environment(spec: Json) -> Mapping[str, str]:
    """The environment of an EphemeralContainer as its processes see it (plain values only)."""
    return {e.get("name") or "": (e.get("value") or "").replace("$$", "$") for e in spec.get("env") or []}


def starter(spec: Json) -> str:
    """The ID of the session that an entry was created for."""
    return environment(spec)["DSHELL_PROTOCOL"].split()[1]


def protocol_of(spec: Json) -> int | None:
    """The version of the protocol that a debug container speaks; None if it is not one of dshell."""
    env = environment(spec)
    if not str(spec.get("name", "")).startswith(PREFIX):
        return None
    if "DSHELL_HOLDER" in env:
        return 1
    return small_number(env.get("DSHELL_PROTOCOL", "").partition(" ")[0])


def patch(container: Json) -> Json:
    """The body of the strategic merge PATCH of pods/NAME/ephemeralcontainers that adds `container`."""
    return {"spec": {"ephemeralContainers": [container]}}
