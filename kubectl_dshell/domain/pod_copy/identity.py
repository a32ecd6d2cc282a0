"""The user and the privileges of a copy: the app's, unless the user asks for others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.domain.access.privilege import DEFAULT, Privilege, Profile, fixed_context, with_flags

if TYPE_CHECKING:
    from kubectl_dshell.domain.pod.pod import Container, Json, Pod


_IDS = ("runAsUser", "runAsGroup")
_LABELS = ("appArmorProfile", "seLinuxOptions")


def copied_security(
    pod: Pod, container: Container, run_as: tuple[int, int | None] | None, privilege: Privilege = DEFAULT
) -> Json:
    """The v1 SecurityContext of a copy of the app's container, with the privilege that was asked for.

    A profile has the app's ids and labels, and nothing else of it, as in a debug container.
    """
    uid, gid = privilege.custom.user if privilege.custom else (None, None)
    user = run_as or ((uid, gid) if uid is not None else privilege.profile.user)
    security = _admitted(pod, container, user)
    if privilege.profile is not Profile.AUTO:
        non_root = {"runAsNonRoot": user[0] != 0} if user else {}
        kept = {name: security[name] for name in (*_IDS, *_LABELS) if name in security}
        security = kept | non_root | fixed_context(privilege.profile)
    return with_flags(security, privilege)


def _admitted(pod: Pod, container: Container, run_as: tuple[int, int | None] | None) -> Json:
    """The v1 SecurityContext of the app's container, which its namespace admits.

    The user that the node reports is written down, because another image may have got the same tag since. Root is not:
    where only the image says so, a policy may admit it for that reason.
    """
    security = dict(container.security)
    uid, gid = run_as or container.user or (None, None)
    if uid is None or (run_as is None and (uid == 0 or _names_user(pod, container))):
        return security
    security["runAsUser"] = uid
    if gid is not None:
        security["runAsGroup"] = gid
    if uid == 0 and run_as is not None:
        security["runAsNonRoot"] = False
    return security


def _names_user(pod: Pod, container: Container) -> bool:
    return any("runAsUser" in holder for holder in (container.security, pod.security))
