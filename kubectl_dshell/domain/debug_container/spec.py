"""The entry to add to spec.ephemeralContainers: name, command, stamps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubectl_dshell.domain.pod.pod import Json

PREFIX = "dshell-"
NAME_LETTERS = "bcdfghjklmnpqrstvwxz2456789"  # those of generateName (apimachinery `util/rand`): no words, no 0/o, 1/l
HOLDER_COMMAND = ("sh", "-c", 'eval "$DSHELL_HOLDER"')
LEASE_SECONDS = 50  # a client beats every 15 s; with the runtime's own delay a vanished one is gone within 60 s
FIRST_SECONDS = 4  # for the first beat: who left while it started has nothing in the pod 5 s later


class PullPolicy(StrEnum):
    """The API's own (core/v1 PullPolicy)."""

    ALWAYS = "Always"
    IF_NOT_PRESENT = "IfNotPresent"
    NEVER = "Never"


@dataclass(frozen=True, slots=True)
class Scripts:
    """What runs in the debug container (package `remote`): its main process, and each session's entry."""

    holder: str
    enter: str


@dataclass(frozen=True, slots=True)
class DebugSpec:
    """Everything that makes one debug container differ from another."""

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
    """Why, in the owner's words (--reason)."""


def full_name(name: str) -> str:
    """The debug container that --name NAME means."""
    return name if name.startswith(PREFIX) else PREFIX + name


def container_spec(name: str, wanted: DebugSpec, scripts: Scripts, starter: str = "", seal: str = "") -> Json:
    """The v1 EphemeralContainer. `starter`: the id of the session it is made for, and how many seconds it waits for it.

    `seal`: its maker's word that it is theirs (seal.seal); empty where there is no key.

    Every `$` is doubled: the kubelet expands `$(NAME)` and `$$` in command and env (`expansion.Expand`).
    """
    ours = {
        "DSHELL_OWNER": wanted.owner,
        "DSHELL_VERSION": wanted.version,
        **({"DSHELL_SEAL": seal} if seal else {}),
        **({"DSHELL_MEASURED": wanted.measured} if wanted.measured else {}),
        **({"DSHELL_REASON": wanted.reason} if wanted.reason else {}),
        "DSHELL_LEASE": str(LEASE_SECONDS),
        "DSHELL_LIMIT": str(wanted.limit),
        "DSHELL_STARTER": starter,
        "DSHELL_HOLDER": scripts.holder,
        "DSHELL_ENTER": scripts.enter,
    }
    return {
        "name": name,
        "image": wanted.image,
        **({"imagePullPolicy": wanted.pull_policy} if wanted.pull_policy else {}),
        "command": [escape_expansion(word) for word in HOLDER_COMMAND],
        "env": [{"name": k, "value": escape_expansion(v)} for k, v in (*wanted.env, *ours.items())],
        "securityContext": wanted.security,
        "stdin": True,
        "targetContainerName": wanted.target,
        # where the runtime cannot start the first process, why is in the log alone
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }


def escape_expansion(text: str) -> str:
    """`text` so that the kubelet's expansion of $(NAME) and $$ in command and env gives it back."""
    return text.replace("$", "$$")


def environment(spec: Json) -> Mapping[str, str]:
    """The environment of an EphemeralContainer as its processes see it (plain values only)."""
    return {e.get("name") or "": (e.get("value") or "").replace("$$", "$") for e in spec.get("env") or []}


def patch(container: Json) -> Json:
    """The body of the strategic merge PATCH of pods/NAME/ephemeralcontainers that adds `container`."""
    return {"spec": {"ephemeralContainers": [container]}}
