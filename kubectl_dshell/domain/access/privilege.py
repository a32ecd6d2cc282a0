"""The least privileged securityContext that enters the target, from a profile and an identity."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_dshell.domain.access.identity import Identity
    from kubectl_dshell.domain.pod.pod import Container, Json, Pod

_APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"


class Profile(StrEnum):
    """`auto`: the least that enters. `general`: as kubectl debug, root with SYS_PTRACE and the default capabilities."""

    AUTO = "auto"
    GENERAL = "general"

    @property
    def user(self) -> tuple[int, int] | None:
        """The uid and gid it always runs as; None: the target's."""
        return (0, 0) if self is Profile.GENERAL else None


def security_context(profile: Profile, pod: Pod, container: Container, identity: Identity) -> Json:
    """The v1 SecurityContext of the debug container.

    For a non-root target without capabilities it satisfies Pod Security "restricted".
    """
    context: Json = {"runAsUser": identity.uid, "runAsGroup": identity.gid, "runAsNonRoot": identity.uid != 0}
    match profile:
        case Profile.GENERAL:
            context["capabilities"] = {"add": ["SYS_PTRACE"]}
        case Profile.AUTO:
            context |= _least(pod, container, identity)
    return context | _labels(pod, container)


def _least(pod: Pod, container: Container, identity: Identity) -> Json:
    capabilities: Json = {"drop": ["ALL"]}
    if identity.uid == 0:
        # The target's permitted capabilities must be a subset of ours: mirror them, no more and no less.
        if container.security.get("privileged"):
            capabilities = {"add": ["ALL"]}
        else:
            capabilities = dict(container.security.get("capabilities") or {})
    return {
        # The API rejects false together with CAP_SYS_ADMIN (validation.ValidateSecurityContext).
        **({} if "CAP_SYS_ADMIN" in (capabilities.get("add") or []) else {"allowPrivilegeEscalation": False}),
        **({"capabilities": capabilities} if capabilities else {}),
        "seccompProfile": _seccomp(pod, container),
    }


def _seccomp(pod: Pod, container: Container) -> Json:
    """The target's own profile, or RuntimeDefault if it has none or is Unconfined: entering needs no more."""
    profile: Json = container.security.get("seccompProfile") or pod.security.get("seccompProfile") or {}
    return profile if profile.get("type") == "Localhost" else {"type": "RuntimeDefault"}


def _labels(pod: Pod, container: Container) -> Json:
    """The target's AppArmor and SELinux settings: both modules compare the labels of the two processes."""
    mirrored: Json = {}
    annotation = pod.annotations.get(_APPARMOR_ANNOTATION + container.name, "")
    if profile := container.security.get("appArmorProfile") or _apparmor(annotation):
        mirrored["appArmorProfile"] = profile
    if options := container.security.get("seLinuxOptions"):
        mirrored["seLinuxOptions"] = options
    return mirrored


def _apparmor(annotation: str) -> Json | None:
    """The appArmorProfile field for an annotation value (KEP-24: unconfined, runtime/default, localhost/NAME)."""
    match annotation.partition("/"):
        case ("unconfined", _, _):
            return {"type": "Unconfined"}
        case ("runtime", _, "default"):
            return {"type": "RuntimeDefault"}
        case ("localhost", _, name) if name:
            return {"type": "Localhost", "localhostProfile": name}
        case _:
            return None
