"""Which capabilities the first process of a container has, by its spec and its runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.domain.access.capabilities import ALL
from kubectl_dshell.domain.runtime.capabilities import defaults

if TYPE_CHECKING:
    from kubectl_dshell.domain.pod.pod import Json


def permitted(security: Json, uid: int | None, runtime: str) -> frozenset[str]:
    """The permitted capabilities of a container's first process: only root has any, whichever are added.

    ALL among them stands for every other. `security`: a v1 SecurityContext; `runtime`: see `runtime.capabilities`.
    """
    if uid != 0:
        return frozenset()
    if security.get("privileged"):
        return frozenset({ALL})
    asked = security.get("capabilities") or {}
    add, drop = (_names(asked.get(key) or []) for key in ("add", "drop"))
    held = frozenset({ALL}) if ALL in add else defaults(runtime).capabilities
    held = frozenset() if ALL in drop else held
    return (held | (add - {ALL})) - (drop - {ALL})


def _names(listed: list[str]) -> frozenset[str]:
    return frozenset(name.upper().removeprefix("CAP_") for name in listed)


def no_chroot(uid: int | None, held: frozenset[str], runtime: str) -> str:
    """Why a process with these permitted capabilities cannot chroot(2); empty if it may be able to."""
    takes = "it takes the capability SYS_CHROOT, which"
    if uid:
        return f"{takes} user {uid} cannot have"
    if held & {ALL, "SYS_CHROOT"}:
        return ""
    usual = defaults(runtime)
    if "SYS_CHROOT" in usual.capabilities:
        return f"{takes} the debug container drops"
    return f"{takes} {usual.runtime} does not give to root by default"
