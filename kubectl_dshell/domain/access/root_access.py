"""Why the target's root is closed to us, by the kernel's rule, and what would open it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_dshell.domain.access.facts import Facts

# include/uapi/linux/capability.h, by bit.
_CAPABILITIES = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
]
_SYS_PTRACE = 1 << _CAPABILITIES.index("SYS_PTRACE")


def capability_names(mask: int) -> str:
    """The capabilities of a /proc/PID/status mask, as Kubernetes spells them."""
    names = [name for bit, name in enumerate(_CAPABILITIES) if mask & 1 << bit]
    return ", ".join(names)


def why_denied(facts: Facts) -> str:
    """The clause of the rule that fails, as the end of "its files are closed to us: ...".

    Those that no other user would cure come first.
    """
    if facts.uid is None or facts.gid is None:
        return "no process of the app is visible in the debug container (the app restarted, or shares no PID namespace)"
    uids, gids = set(facts.uid[:3]), set(facts.gid[:3])
    if len(uids) > 1 or len(gids) > 1:
        differ = f"uid {facts.uid[:3]}, gid {facts.gid[:3]}"
        return f"the app's real, effective and saved ids differ ({differ}), so no one user matches"
    theirs, ours = (facts.uid[0], facts.gid[0]), (facts.our_uid, facts.our_gid)
    if facts.dumpable is False:
        return "the app made itself not dumpable (it changed its user without exec, or set PR_SET_DUMPABLE 0)"
    if theirs[0] != 0 and facts.caps:
        which = capability_names(facts.caps)
        return f"the app holds the capability {which} (from its binary), and a debug container of the same user cannot"
    if theirs[0] != ours[0]:
        return f"the app runs as user {theirs[0]} and the debug container as {ours[0]}"
    if theirs[1] != ours[1]:
        return f"the app runs with group {theirs[1]} and the debug container with {ours[1]}"
    if missing := facts.caps & ~facts.our_caps:
        return f"the app holds the capability {capability_names(missing)}, and the debug container does not"
    return "a security module (AppArmor, SELinux) of the node keeps the two containers apart"


def how_to_enter(facts: Facts, command: str) -> str:
    """The flag that would make it work, for `command` ("kubectl dshell web -n shop")."""
    if facts.uid is None or facts.gid is None:
        return f"Again: {command}"
    theirs, ours = (facts.uid[0], facts.gid[0]), (facts.our_uid, facts.our_gid)
    if facts.our_caps & _SYS_PTRACE:
        return "Root with SYS_PTRACE is what this was: ask whoever runs the node about its security modules."
    others_cannot = facts.dumpable is False or len(set(facts.uid[:3])) > 1 or (theirs[0] != 0 and facts.caps)
    if theirs != ours and not others_cannot:
        return f"The app's own user can: {command} --run-as {theirs[0]}:{theirs[1]}"
    return f"Root with SYS_PTRACE can: {command} --profile general"
