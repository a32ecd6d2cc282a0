"""`--trace`: what ptrace(2) asks of PTRACE_ATTACH beyond entering the app's root directory.

As the app's user, with its capabilities, a process that may follow `/proc/PID/root` may attach as well, unless Yama's
`kernel.yama.ptrace_scope` forbids it; a capability that overrides that, SYS_PTRACE, is root's alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.domain.access.capabilities import ALL
from kubectl_dshell.domain.access.privilege import Privilege, Profile
from kubectl_dshell.domain.text.bounds import one_line

if TYPE_CHECKING:
    from kubectl_dshell.domain.pod.pod import Json

SYS_PTRACE = "SYS_PTRACE"


def remedy(command: str, privilege: Privilege, uid: int) -> str:
    """What to type where Yama allows only root with SYS_PTRACE.

    `command` ("kubectl dshell web --trace") is without the flags of `privilege`.
    """
    if privilege.custom:
        return f"Set runAsUser: 0 and capabilities: {{add: [{SYS_PTRACE}]}} in {privilege.custom.path}"
    kept = tuple(name for name in privilege.cap_drop if name not in (SYS_PTRACE, ALL))
    asked = privilege._replace(cap_drop=kept) if uid == 0 else Privilege(Profile.GENERAL)
    return f"Attach as root with {SYS_PTRACE}: {command} {asked.flags}".rstrip()


def without(command: str, privilege: Privilege) -> str:
    """What to type where a policy forbids SYS_PTRACE, which a node without Yama's restriction does not ask for."""
    asked = privilege._replace(cap_drop=(*privilege.cap_drop, SYS_PTRACE))
    return f"Without {SYS_PTRACE}, which is enough if the node's kernel.yama.ptrace_scope is 0: {command} {asked.flags}"


def node_profile(security: Json) -> str:
    """The seccomp profile of the node's files that a debug container with this securityContext has, or empty."""
    profile = security.get("seccompProfile") or {}
    return one_line(str(profile.get("localhostProfile", ""))) if profile.get("type") == "Localhost" else ""
