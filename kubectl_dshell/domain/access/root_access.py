"""Why the kernel denies access to the target's root, and which flag would grant it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.domain.access.capabilities import CAPABILITIES, capability_names
from kubectl_dshell.domain.runtime.sandbox import hides

if TYPE_CHECKING:
    from kubectl_dshell.domain.access.facts import Facts
    from kubectl_dshell.domain.pod.pod import Pod

_SECURITY_MODULE = "a security module on the node (AppArmor, SELinux) keeps the two containers apart"
_LABELS = "SELinux keeps the two containers apart: their labels differ"
_ALIKE = "--profile sysadmin"
_SYS_PTRACE = 1 << CAPABILITIES.index("SYS_PTRACE")


def why_denied(facts: Facts, pod: Pod) -> str:
    """The condition of the kernel's rule that is not met, worded to follow "cannot read the app's files: ".

    Conditions that no other user could meet come first.
    """
    if facts.uid is None or facts.gid is None:
        # the first one of the node is hidden from most
        why = _LABELS if facts.hidden and pod.spec.get("hostPID") is not True else _why_unseen(pod)
        return f"no process of the app is visible from the debug container ({why})"
    if facts.our_caps & _SYS_PTRACE:
        return _SECURITY_MODULE
    uids, gids = set(facts.uid[:3]), set(facts.gid[:3])
    if len(uids) > 1 or len(gids) > 1:
        sets = (("uid", facts.uid), ("gid", facts.gid))
        differ = ", ".join(f"{kind} {'/'.join(map(str, ids[:3]))}" for kind, ids in sets)
        return f"the app's real, effective and saved IDs differ ({differ}), so no single user matches"
    theirs, ours = (facts.uid[0], facts.gid[0]), (facts.our_uid, facts.our_gid)
    if facts.dumpable is False:
        return "the app's process is not dumpable (it changed user without exec, or set PR_SET_DUMPABLE to 0)"
    if theirs[0] != 0 and facts.caps:
        which = capability_names(facts.caps)
        cannot = "which a debug container of the same user cannot hold"
        return f"the app holds the capability {which} (from its binary), {cannot}"
    if theirs[0] != ours[0]:
        return f"the app runs as user {theirs[0]} and the debug container as {ours[0]}"
    if theirs[1] != ours[1]:
        return f"the app runs as group {theirs[1]} and the debug container as {ours[1]}"
    if missing := facts.caps & ~facts.our_caps:
        return f"the app holds the capability {capability_names(missing)}, and the debug container does not"
    return _SECURITY_MODULE


def _why_unseen(pod: Pod) -> str:
    if known := hides(pod.runtime_class, shared=pod.shares_processes):
        return known
    by = f" by the runtime class {pod.runtime_class} of its pod" if pod.runtime_class else ""
    return f"the app restarted, or its PID namespace is not shared{by}"


def needs_tracing(facts: Facts) -> bool:
    """Whether no process without SYS_PTRACE enters, whatever its user."""
    if facts.uid is None or facts.our_caps & _SYS_PTRACE:
        return False
    return facts.dumpable is False or len(set(facts.uid[:3])) > 1 or bool(facts.uid[0] != 0 and facts.caps)


def how_to_enter(facts: Facts, command: str, *, alone_privileged: bool = False) -> str:
    """The next command: `command` ("kubectl dshell web -n shop") with the flag that would make it work.

    `alone_privileged`: whether the app is privileged, so that its runtime gives it no label, and the debug container is
    not. Then a security module remains the difference where the debug container could not be exempted from it: AppArmor
    before Kubernetes 1.30, which has no field for it, and SELinux.
    """
    if facts.hidden:
        return f"Enter with the label of a privileged container: {command} {_ALIKE}"
    if facts.uid is None or facts.gid is None:
        return f"Retry with: {command}"
    theirs, ours = (facts.uid[0], facts.gid[0]), (facts.our_uid, facts.our_gid)
    if facts.our_caps & _SYS_PTRACE and alone_privileged:
        return f"The app is privileged, so the security module does not confine it. Enter as it is: {command} {_ALIKE}"
    if facts.our_caps & _SYS_PTRACE:
        return "The debug container already runs as root with SYS_PTRACE: ask the node's administrator."
    if theirs != ours and not needs_tracing(facts):
        return f"Enter as the app's user: {command} --run-as {theirs[0]}:{theirs[1]}"
    return f"Enter as root with SYS_PTRACE: {command} --profile general"
