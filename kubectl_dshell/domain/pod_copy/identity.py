"""The user of a copy: the app's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_dshell.domain.pod.pod import Container, Json, Pod


def copied_security(pod: Pod, container: Container, run_as: tuple[int, int | None] | None) -> Json:
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
