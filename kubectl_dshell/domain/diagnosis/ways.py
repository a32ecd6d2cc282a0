"""The ways into an app's files, and whether the kernel lets each of them in, judged before anything runs.

The rule is that of ptrace(2), "Ptrace access mode checking" (`domain.access.identity`). What only a look at the app's
process shows, `BEFORE_ENTRY`, is assumed to be as usual.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from kubectl_dshell.domain.access.identity import named
from kubectl_dshell.domain.access.privilege import DEFAULT as UNASKED
from kubectl_dshell.domain.access.privilege import Privilege, Profile

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_dshell.domain.pod.pod import Container, Json, Pod

ALL = "ALL"
DEFAULT = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "NET_RAW",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)
"""What containerd gives to root (CRI-O: fewer). App and debug container have the same runtime, so it cancels out."""
BEFORE_ENTRY = (
    "unknown before entry, like capabilities of the app's program file: an app that is not dumpable, or has some, "
    "refuses its own user"
)


class Answer(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Verdict(NamedTuple):
    """`why` follows "yes: ", "no: " or "unknown: "."""

    answer: Answer
    why: str


class Process(NamedTuple):
    """A process as its spec and status describe it; None for an id that neither names."""

    uid: int | None
    gid: int | None
    capabilities: frozenset[str]
    """Permitted ones; ALL among them stands for every other."""


def reads_root(app: Process, debugger: Process) -> Verdict:
    """Whether `debugger` may follow /proc/PID/root of `app`, and read files that only the app may read."""
    if _holds(debugger, "SYS_PTRACE"):
        reads = debugger.uid == app.uid or _holds(debugger, "DAC_OVERRIDE") or _holds(debugger, "DAC_READ_SEARCH")
        but = "" if reads else ", but not into files that only the app may read"
        return Verdict(Answer.YES, f"root with SYS_PTRACE is let in{but}")
    if app.uid is None:
        return Verdict(Answer.UNKNOWN, "the image decides which user the app is; it is guessed, then measured once")
    if app.uid != debugger.uid:
        return Verdict(Answer.NO, f"the app runs as user {app.uid} and the debug container as {debugger.uid}")
    if app.gid is None:
        return Verdict(Answer.UNKNOWN, "the image decides which group the app has; it is guessed, then measured once")
    if app.gid != debugger.gid:
        return Verdict(Answer.NO, f"the app runs as group {app.gid} and the debug container as {debugger.gid}")
    missing = {one for one in app.capabilities if not _holds(debugger, one)}
    if missing:
        which = ", ".join(sorted(missing))
        return Verdict(Answer.NO, f"the app holds the capability {which}, and the debug container does not")
    return Verdict(Answer.YES, "the app's own user is let in")


def reads_image(app: Process, debugger: Process) -> Verdict:
    """The same of a debug container of the app's image, which has the files of the image in any case."""
    answer, why = reads_root(app, debugger)
    if answer is Answer.YES:
        return Verdict(answer, "its image is /, its live files are at $DSHELL_ROOT")
    return Verdict(answer, f"its image is /, but its live files are another matter: {why}")


def roots_there(app: Process, debugger: Process) -> Verdict:
    """Whether `debugger` may make the root directory of `app` its own, which chroot(2) allows with SYS_CHROOT."""
    if debugger.uid != 0:
        return Verdict(Answer.NO, f"it takes the capability SYS_CHROOT, which user {debugger.uid} cannot have")
    if not _holds(debugger, "SYS_CHROOT"):
        return Verdict(Answer.NO, "it takes the capability SYS_CHROOT, which the app drops")
    answer, why = reads_root(app, debugger)
    return Verdict(answer, "its live files are /" if answer is Answer.YES else why)


class Way(NamedTuple):
    """One way to start a session: what to type for it, the privilege that it asks for, and the rule that lets it in."""

    flags: str
    privilege: Privilege = UNASKED
    judge: Callable[[Process, Process], Verdict] = reads_root
    app_image: bool = False


WAYS = (
    Way("--profile auto"),
    Way("--app-image", judge=reads_image, app_image=True),
    Way("--chroot", judge=roots_there),
    Way("--profile general", Privilege(Profile.GENERAL)),
)
"""In the order in which people should try them."""


def app_process(pod: Pod, container: Container) -> Process:
    """The first process of a container."""
    uid, gid = named(pod, container)
    return Process(uid, gid, permitted(container.security, uid))


def debug_process(security: Json) -> Process:
    """The first process of a debug container with this securityContext, which always names its ids."""
    uid = security.get("runAsUser")
    return Process(uid, security.get("runAsGroup"), permitted(security, uid))


def permitted(security: Json, uid: int | None) -> frozenset[str]:
    """The permitted capabilities of a container's first process: only root has any, whichever are added."""
    if uid != 0:
        return frozenset()
    if security.get("privileged"):
        return frozenset({ALL})
    asked = security.get("capabilities") or {}
    add, drop = (_names(asked.get(key) or []) for key in ("add", "drop"))
    held = frozenset({ALL}) if ALL in add else DEFAULT
    held = frozenset() if ALL in drop else held
    return (held | (add - {ALL})) - (drop - {ALL})


def in_words(capabilities: frozenset[str]) -> str:
    """For a table: "none", "default", "default, NET_ADMIN", "default without MKNOD"."""
    if not capabilities:
        return "none"
    if ALL in capabilities:
        return "all"
    if not capabilities & DEFAULT or len(DEFAULT - capabilities) > len(capabilities):
        return ",".join(sorted(capabilities))
    added, dropped = sorted(capabilities - DEFAULT), sorted(DEFAULT - capabilities)
    return ",".join(["default", *added]) + (f" without {','.join(dropped)}" if dropped else "")


def _names(listed: list[str]) -> frozenset[str]:
    return frozenset(name.upper().removeprefix("CAP_") for name in listed)


def _holds(process: Process, capability: str) -> bool:
    """For a process that is not root, added capabilities stay in the bounding set, without effect."""
    return process.uid == 0 and (ALL in process.capabilities or capability in process.capabilities)
