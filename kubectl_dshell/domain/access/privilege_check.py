"""Privilege that cannot have its effect in a pod, recognized before an entry is spent on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.domain.access.capabilities import ALL
from kubectl_dshell.domain.access.identity import Source, named
from kubectl_dshell.domain.access.privilege import Profile
from kubectl_dshell.errors import Forbidden

if TYPE_CHECKING:
    from kubectl_dshell.domain.access.identity import Identity
    from kubectl_dshell.domain.access.privilege import Privilege
    from kubectl_dshell.domain.access.target import Target
    from kubectl_dshell.domain.pod.pod import Json

_OF_THE_NODE = {
    "AUDIT_CONTROL",
    "BLOCK_SUSPEND",
    "BPF",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "MKNOD",
    "PERFMON",
    "SYSLOG",
    "SYS_MODULE",
    "SYS_PACCT",
    "SYS_RAWIO",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "WAKE_ALARM",
}
"""What the kernel checks in the initial user namespace only (capable(), not ns_capable(); user_namespaces(7))."""


class PrivilegeCheck:
    """`security` is the securityContext that was made of `asked` for `identity`; `command` opens a session."""

    def __init__(self, asked: Privilege, security: Json, target: Target, identity: Identity, command: str) -> None:
        self._asked = asked
        self._identity = identity
        self._target = target
        self._command = command
        capabilities = security.get("capabilities") or {}
        self._added: list[str] = capabilities.get("add") or []
        self._dropped: list[str] = capabilities.get("drop") or []
        self._privileged = bool(security.get("privileged"))
        self._never_root = bool(security.get("runAsNonRoot"))

    def refuse(self) -> None:
        """Raises Forbidden with the reason and the next command to type."""
        self.refuse_vain()
        if self._target.container.id:  # its volumes alone are no matter of ptrace(2)
            self._refuse_closed()

    def refuse_vain(self) -> None:
        """Likewise, of privilege that has no effect; whether it reads the app's live files is another matter."""
        if self._identity.uid != 0 and (self._added or self._privileged):
            raise self._inert()
        if self._identity.uid == 0 and self._never_root:
            raise self._no_root()
        if self._own_users and (vain := [name for name in self._given if name in _OF_THE_NODE]):
            raise self._not_on_the_node(vain)

    @property
    def notice(self) -> str:
        """What it has less effect on than its name says; may be empty."""
        if not (self._own_users and self._privileged):
            return ""
        pod = self._target.pod.name
        return f"{pod} has its own user namespace (hostUsers: false), so privileged gives no power over its node"

    @property
    def _own_users(self) -> bool:
        return self._target.pod.spec.get("hostUsers") is False

    def _inert(self) -> Forbidden:
        what = "privileged" if self._privileged else ", ".join(self._added)
        asked, profile = self._asked, Profile.SYSADMIN if self._privileged else Profile.GENERAL
        if not asked.profile.user:
            given = {"SYS_PTRACE"} if profile is Profile.GENERAL else set(asked.cap_add)
            left = tuple(name for name in asked.cap_add if name not in given)
            asked = asked._replace(profile=profile, cap_add=left, privileged=False)
        in_file = self._identity.source is Source.CUSTOM and self._asked.custom
        return Forbidden(
            f"{what} would have no effect: the debug container would run as {self._identity} "
            f"({self._identity.source}), and only root gets capabilities",
            f"Run as root: {f'runAsUser: 0 in {in_file.path}' if in_file else self._type(asked)}",
        )

    def _no_root(self) -> Forbidden:
        asked = self._asked
        custom = asked.custom and asked.custom.security.get("runAsNonRoot") and asked.custom
        never = f"--custom {custom.path}" if custom else f"--profile {asked.profile}"
        return Forbidden(
            f"{never} never runs as root, and the debug container would run as "
            f"{self._identity} ({self._identity.source})",
            f"Run with the privileges of the app: {self._command}",
        )

    def _not_on_the_node(self, vain: list[str]) -> Forbidden:
        pod = self._target.pod.name
        left = tuple(name for name in self._asked.cap_add if name not in vain)
        return Forbidden(
            f"{', '.join(vain)} would have no effect: {pod} has its own user namespace (hostUsers: false), "
            "and the kernel asks for it in the node's",
            f"Omit it: {self._type(self._asked._replace(cap_add=left))}"
            if left != self._asked.cap_add or not self._asked.custom
            else f"Omit it in {self._asked.custom.path}",
        )

    def _refuse_closed(self) -> None:
        """A root without SYS_PTRACE enters root only. An app that is not root cannot have become another user."""
        uid, gid = named(self._target.pod, self._target.container)
        ours = self._identity
        theirs = (uid, ours.gid if gid is None else gid)
        if not uid or theirs == (ours.uid, ours.gid) or self._traces:
            return
        raise Forbidden(
            f"as {ours} ({ours.source}) {'' if ours.uid else 'without SYS_PTRACE '}the debug container cannot read the "
            f"app's files: the app runs as {uid}:{'?' if gid is None else gid}",
            f"Run as the user of the app: {self._type(self._asked)}" if ours.uid else self._add_tracing(),
        )

    def _add_tracing(self) -> str:
        asked = self._asked
        if asked.custom and asked.custom.added:  # its list replaces what the flags give
            return (
                f"Add it in {asked.custom.path}: capabilities: {{add: [SYS_PTRACE, {', '.join(asked.custom.added)}]}}"
            )
        kept = tuple(name for name in asked.cap_drop if name != "SYS_PTRACE")
        return f"Add it: {self._type(asked._replace(cap_add=(*asked.cap_add, 'SYS_PTRACE'), cap_drop=kept))}"

    @property
    def _given(self) -> list[str]:
        """The capabilities that the user named."""
        return [*self._asked.cap_add, *(self._asked.custom.added if self._asked.custom else ())]

    @property
    def _traces(self) -> bool:
        kept = "SYS_PTRACE" in self._added or (ALL in self._added and "SYS_PTRACE" not in self._dropped)
        return self._identity.uid == 0 and (kept or self._privileged)

    def _type(self, asked: Privilege) -> str:
        user = " --run-as 0" if self._identity.source is Source.GIVEN and self._identity.uid == 0 else ""
        return f"{self._command}{user} {asked.flags}".rstrip()
