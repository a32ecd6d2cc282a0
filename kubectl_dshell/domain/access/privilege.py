"""The securityContext of the debug container: the least that enters the target, or the privilege that was asked for."""

from __future__ import annotations

from enum import StrEnum
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple, assert_never

from kubectl_dshell.domain.access.capabilities import ALL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubectl_dshell.domain.access.custom import Custom
    from kubectl_dshell.domain.access.identity import Identity
    from kubectl_dshell.domain.pod.pod import Container, Json, Pod

_APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"
_RUNTIME_DEFAULT = {"type": "RuntimeDefault"}
_UNCONFINED = {"type": "Unconfined"}
_CRI_O = "cri-o"
_SUPER_PRIVILEGED = {"type": "spc_t"}
"""In refpolicy and container-selinux; another name of Bottlerocket's control_t and of Talos' pod_privileged_t."""


class Profile(StrEnum):
    """`auto`: the least that enters. The others mean what they mean to kubectl debug, with a user who can enter."""

    AUTO = "auto"
    RESTRICTED = "restricted"
    BASELINE = "baseline"
    GENERAL = "general"
    NETADMIN = "netadmin"
    SYSADMIN = "sysadmin"

    @property
    def user(self) -> tuple[int, int] | None:
        """The uid and gid it always runs as; None: the target's. Capabilities are added to no other user than root."""
        return (0, 0) if self in (Profile.GENERAL, Profile.NETADMIN, Profile.SYSADMIN) else None

    @property
    def summary(self) -> str:
        """A few words for the help of --profile."""
        match self:
            case Profile.AUTO:
                return "the fewest privileges that suffice"
            case Profile.RESTRICTED:
                return "the app's user, without capabilities; never root"
            case Profile.BASELINE:
                return "the app's user, with the runtime's default capabilities"
            case Profile.GENERAL:
                return "root with SYS_PTRACE"
            case Profile.NETADMIN:
                return "root with NET_ADMIN and NET_RAW"
            case Profile.SYSADMIN:
                return "privileged root"


class Privilege(NamedTuple):
    """What the user asked for."""

    profile: Profile = Profile.AUTO
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    privileged: bool = False
    custom: Custom | None = None
    trace: bool = False
    """--trace: SYS_PTRACE for a debug container that is root (`domain.access.tracing`)."""

    @property
    def chosen(self) -> bool:
        """Whether the user has chosen more than the default, or a part of it."""
        return self.needs_root or bool(self.cap_drop or self.custom)

    @property
    def is_more(self) -> bool:
        """Whether it may be more than what a session has by default."""
        return self.needs_root or self.trace or self.profile is Profile.BASELINE or self.custom is not None

    @property
    def needs_root(self) -> bool:
        """Whether it is without effect for any other user."""
        custom = self.custom is not None and bool(self.custom.added or self.custom.security.get("privileged"))
        return bool(self.profile.user or self.cap_add or self.privileged or custom)

    @property
    def flags(self) -> str:
        """The flags to type for it, but --trace."""
        words = [f"--profile {self.profile}"] if self.profile is not Profile.AUTO else []
        for flag, names in (("--cap-add", self.cap_add), ("--cap-drop", self.cap_drop)):
            words += [f"{flag} {','.join(names)}"] if names else []
        words += ["--privileged"] * self.privileged
        return " ".join(words + ([f"--custom {quote(self.custom.path)}"] if self.custom else []))


DEFAULT = Privilege()


def security_context(privilege: Privilege, pod: Pod, container: Container, identity: Identity) -> Json:
    """The v1 SecurityContext of the debug container.

    For a non-root target without capabilities the default satisfies Pod Security "restricted".
    """
    if traces_by_choice(privilege, identity.uid):
        privilege = privilege._replace(cap_add=(*privilege.cap_add, "SYS_PTRACE"))
    context: Json = {"runAsUser": identity.uid, "runAsGroup": identity.gid, "runAsNonRoot": identity.uid != 0}
    context |= _profile(privilege.profile, pod, container, identity)
    return with_flags(context | _labels(pod, container), privilege)


def with_flags(context: Json, privilege: Privilege) -> Json:
    """`context` with --privileged, --cap-add, --cap-drop and, at last, --custom; the profile is in it already."""
    if privilege.privileged:
        # It has all capabilities and no seccomp profile; the API refuses it together with no escalation.
        without = ("capabilities", "allowPrivilegeEscalation", "seccompProfile")
        context = {key: value for key, value in context.items() if key not in without} | {"privileged": True}
    elif privilege.cap_add or privilege.cap_drop:
        context = context | {"capabilities": _capabilities(context.get("capabilities") or {}, privilege)}
    return _customized(context, privilege.profile, privilege.custom) if privilege.custom else context


def traces_by_choice(privilege: Privilege, uid: int) -> bool:
    """Whether --trace adds SYS_PTRACE: to a debug container that is root, unless it is there, or the user drops it."""
    given = privilege.privileged or privilege.profile in (Profile.GENERAL, Profile.SYSADMIN)
    return privilege.trace and uid == 0 and not given and not {"SYS_PTRACE", ALL} & set(privilege.cap_drop)


def _customized(context: Json, profile: Profile, custom: Custom) -> Json:
    """As kubectl debug merges a custom profile; what `auto` forbids by itself gives way."""
    from kubectl_dshell.domain.strategic_merge import merged

    made = merged(context, custom.security)
    if made.get("privileged") and profile is Profile.AUTO and "allowPrivilegeEscalation" not in custom.security:
        made.pop("allowPrivilegeEscalation", None)  # the API rejects false together with privileged
    return made


def _profile(profile: Profile, pod: Pod, container: Container, identity: Identity) -> Json:
    return _least(pod, container, identity) if profile is Profile.AUTO else fixed_context(profile)


def fixed_context(profile: Profile) -> Json:
    """What a profile says whatever the app has; nothing for `auto`."""
    match profile:
        case Profile.AUTO:
            return {}
        case Profile.RESTRICTED:
            return {
                "runAsNonRoot": True,
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": [ALL]},
                "seccompProfile": _RUNTIME_DEFAULT,
            }
        case Profile.BASELINE:
            return {}
        case Profile.GENERAL:
            return {"capabilities": {"add": ["SYS_PTRACE"]}}
        case Profile.NETADMIN:
            return {"capabilities": {"add": ["NET_ADMIN", "NET_RAW"]}}
        case Profile.SYSADMIN:
            return {"privileged": True}
    assert_never(profile)


def _capabilities(base: Json, privilege: Privilege) -> Json:
    """`base` with the flags, which win: the runtime drops what is in both lists, except beside a drop of ALL."""
    added = _once(name for name in (*(base.get("add") or ()), *privilege.cap_add) if name not in privilege.cap_drop)
    dropped = _once(name for name in (*(base.get("drop") or ()), *privilege.cap_drop) if name not in privilege.cap_add)
    dropped = [ALL] if ALL in dropped else dropped
    return {**({"add": added} if added else {}), **({"drop": dropped} if dropped else {})}


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _least(pod: Pod, container: Container, identity: Identity) -> Json:
    capabilities: Json = {"drop": [ALL]}
    if identity.uid == 0:
        # The target's permitted capabilities must be a subset of ours: mirror them, no more and no less.
        if container.security.get("privileged"):
            capabilities = {"add": [ALL]}
        else:
            capabilities = dict(container.security.get("capabilities") or {})
    return {
        # The API rejects false together with CAP_SYS_ADMIN (validation.ValidateSecurityContext).
        **({} if "CAP_SYS_ADMIN" in (capabilities.get("add") or []) else {"allowPrivilegeEscalation": False}),
        **({"capabilities": capabilities} if capabilities else {}),
        "seccompProfile": _seccomp(pod, container),
        # Nothing of ours writes to the debug container's root, and a policy may demand it.
        **({"readOnlyRootFilesystem": True} if container.security.get("readOnlyRootFilesystem") else {}),
    }


def _seccomp(pod: Pod, container: Container) -> Json:
    """The target's own profile, or RuntimeDefault if it has none or is Unconfined: entering needs no more."""
    profile: Json = container.security.get("seccompProfile") or pod.security.get("seccompProfile") or {}
    return profile if profile.get("type") == "Localhost" else _RUNTIME_DEFAULT


def _labels(pod: Pod, container: Container) -> Json:
    """The target's AppArmor and SELinux settings: both modules compare the labels of the two processes."""
    mirrored: Json = {}
    if profile := _apparmor(pod, container):
        mirrored["appArmorProfile"] = profile
    if options := _selinux(container):
        mirrored["seLinuxOptions"] = options
    return mirrored


def _selinux(container: Container) -> Json | None:
    """The SELinux label of the target as its runtime gives it; None: the debug container gets that of its pod.

    A privileged container gets none, whatever its spec says, so the policy makes it `spc_t` as it starts (measured on
    containerd 2.2.1 under refpolicy of Debian 13). A node without SELinux ignores it.
    """
    if container.security.get("privileged"):
        return _SUPER_PRIVILEGED
    options: Json | None = container.security.get("seLinuxOptions")
    return options


def _apparmor(pod: Pod, container: Container) -> Json | None:
    """The AppArmor profile of the target as its runtime applies it; None: the debug container has it anyway.

    A privileged container has none, whether its spec says nothing or RuntimeDefault (measured on containerd 1.7.24 and
    2.2.1, CRI-O 1.36.3). Localhost is applied by containerd and ignored by CRI-O (by their sources:
    `generateApparmorSpecOpts`, `specSetApparmorProfile`).
    """
    annotation = pod.annotations.get(_APPARMOR_ANNOTATION + container.name, "")
    own: Json | None = container.security.get("appArmorProfile") or _of_annotation(annotation)
    if not container.security.get("privileged"):
        return own
    in_force: Json = own or pod.security.get("appArmorProfile") or {}
    applied = in_force.get("type") == "Localhost" and container.runtime != _CRI_O
    return own if applied else _UNCONFINED


def _of_annotation(annotation: str) -> Json | None:
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
