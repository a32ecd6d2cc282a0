"""The ways into an app's files, and whether the kernel lets each of them in, judged before anything runs.

The rule is that of ptrace(2), "Ptrace access mode checking" (`domain.access.identity`). What only a look at the app's
process shows, `BEFORE_ENTRY`, is assumed to be as usual.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from kubectl_dshell.domain.access.capabilities import ALL
from kubectl_dshell.domain.access.identity import named
from kubectl_dshell.domain.access.permitted import no_chroot, permitted
from kubectl_dshell.domain.access.privilege import DEFAULT as UNASKED
from kubectl_dshell.domain.access.privilege import Privilege, Profile
from kubectl_dshell.domain.runtime.capabilities import defaults

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_dshell.domain.pod.pod import Container, Json, Pod

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
    """A process as its spec and status describe it; None for an id that neither names.

    `runtime`: of its container, as in the container's ID; app and debug container have the same one.
    """

    uid: int | None
    gid: int | None
    capabilities: frozenset[str]
    """Permitted ones; ALL among them stands for every other."""
    runtime: str = ""


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
    if why := no_chroot(debugger.uid, debugger.capabilities, debugger.runtime):
        return Verdict(Answer.NO, why)
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
    return Process(uid, gid, permitted(container.security, uid, container.runtime), container.runtime)


def debug_process(security: Json, runtime: str) -> Process:
    """The first process of a debug container with this securityContext, which always names its ids."""
    uid = security.get("runAsUser")
    return Process(uid, security.get("runAsGroup"), permitted(security, uid, runtime), runtime)


def in_words(process: Process) -> str:
    """Its capabilities for a table: "none", "default" (its runtime's), "default,NET_ADMIN", "default without MKNOD"."""
    capabilities, usual = process.capabilities, defaults(process.runtime).capabilities
    if not capabilities:
        return "none"
    if ALL in capabilities:
        return "all"
    if not capabilities & usual or len(usual - capabilities) > len(capabilities):
        return ",".join(sorted(capabilities))
    added, dropped = sorted(capabilities - usual), sorted(usual - capabilities)
    return ",".join(["default", *added]) + (f" without {','.join(dropped)}" if dropped else "")


def _holds(process: Process, capability: str) -> bool:
    """For a process that is not root, added capabilities stay in the bounding set, without effect."""
    return process.uid == 0 and (ALL in process.capabilities or capability in process.capabilities)
