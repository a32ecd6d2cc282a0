"""The entry to add to spec.ephemeralContainers: its name, command and stamps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubectl_dshell.domain.pod.pod import Json

PREFIX = "dshell-"
NAME_LETTERS = (
    "bcdfghjklmnpqrstvwxz2456789"  # the alphabet of generateName (apimachinery `util/rand`): no vowels, no 0, 1 or 3
)
HOLDER_COMMAND = ("sh", "-c", 'eval "$DSHELL_HOLDER"')
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
class Scripts:
    """The scripts of the debug container (package `remote`): its main process, and the start of each session."""

    holder: str
    enter: str


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


def full_name(name: str) -> str:
    """The name of the debug container for --name NAME."""
    return name if name.startswith(PREFIX) else PREFIX + name


def container_spec(name: str, wanted: DebugSpec, scripts: Scripts, starter: str = "", seal: str = "") -> Json:
    """The v1 EphemeralContainer. `starter`: the ID of the session it is made for, and how many seconds to wait for it.

    `seal`: proof of its maker (seal.seal); empty if there is no key.

    Every `$` is doubled, because the kubelet expands `$(NAME)` and `$$` in command and env (`expansion.Expand`).
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
        # If the runtime cannot start the first process, only the log has the reason.
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }


def escape_expansion(text: str) -> str:
    """`text`, escaped so that the kubelet's expansion of $(NAME) and $$ in command and env yields it unchanged."""
    return text.replace("$", "$$")


def environment(spec: Json) -> Mapping[str, str]:
    """The environment of an EphemeralContainer as its processes see it (plain values only)."""
    return {e.get("name") or "": (e.get("value") or "").replace("$$", "$") for e in spec.get("env") or []}


def patch(container: Json) -> Json:
    """The body of the strategic merge PATCH of pods/NAME/ephemeralcontainers that adds `container`."""
    return {"spec": {"ephemeralContainers": [container]}}
