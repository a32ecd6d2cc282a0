"""The user that the debug container runs as: the target's uid and gid, and their source.

The kernel lets a process open /proc/PID/root if its filesystem uid *and* gid equal the target's real, effective and
saved ones, its permitted capabilities include the target's, and the target is dumpable; or if it has CAP_SYS_PTRACE
(ptrace(2), "Ptrace access mode checking").

A measurement is a claim of a process in the pod: an app that runs as the same user can write into our pipes. It is
therefore used only where it cannot raise privileges: never for uid 0, and never instead of a user that the cluster
reports, except that root may step down. A non-root process cannot become another user, because it is not given the
capability to.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from kubectl_dshell.domain.access.facts import parse_id
from kubectl_dshell.domain.debug_container.seal import is_mine, parse_seal
from kubectl_dshell.domain.debug_container.spec import environment

if TYPE_CHECKING:
    from kubectl_dshell.domain.access.facts import Facts
    from kubectl_dshell.domain.debug_container.seal import Key
    from kubectl_dshell.domain.pod.pod import Container, Pod


class Source(StrEnum):
    """The source of an identity, worded for "as 65532:65532 (...)"."""

    GIVEN = "from --run-as"
    PROFILE = "from --profile"
    CUSTOM = "from --custom"
    STATUS = "from the container's status"
    SPEC = "from the pod's spec"
    MEASURED = "measured in the container"
    ENTRY = "as created"
    GUESS = "a guess: neither the status nor the spec specifies a user"


class Identity(NamedTuple):
    uid: int
    gid: int
    source: Source

    def __str__(self) -> str:
        return f"{self.uid}:{self.gid}"


_LARGEST = 2**31 - 1  # the API's upper bound for runAsUser and runAsGroup (validation.IsValidUserID)
# Distroless "nonroot". A wrong guess costs only one ephemeral container: /proc/PID/status is world-readable.
UNKNOWN = Identity(65532, 65532, Source.GUESS)


def identify(pod: Pod, container: Container, run_as: tuple[int, int | None] | None, key: Key | None = None) -> Identity:
    """The best identity known before anything runs; only measurements sealed with `key`, our own, are used.

    `run_as` without a gid takes the target's gid if it is known for that uid, else 0, as the runtime would.
    runAsUser without runAsGroup leaves the gid open (the image's passwd entry, or 0), so that it is a guess.
    """
    if run_as is not None:
        uid, gid = run_as
        known = container.user[1] if container.user and container.user[0] == uid else 0
        return Identity(uid, known if gid is None else gid, Source.GIVEN)
    return _measured_before(pod, container, key) or _told(pod, container)


def _told(pod: Pod, container: Container) -> Identity:
    """The identity according to the cluster alone."""
    uid, gid = named(pod, container)
    if container.user is not None:
        return Identity(*container.user, Source.STATUS)
    if uid is None:
        return UNKNOWN
    return Identity(uid, 0, Source.GUESS) if gid is None else Identity(uid, gid, Source.SPEC)


def named(pod: Pod, container: Container) -> tuple[int | None, int | None]:
    """The app's uid and gid from its status, else from its spec; None for one that neither has."""
    if container.user is not None:
        return container.user
    return _spec(pod, container, "runAsUser"), _spec(pod, container, "runAsGroup")


def stamp(identity: Identity, container: Container) -> str:
    """The stamp that saves the next debug container a measurement: the target's container ID and its identity."""
    return f"{container.id} {identity}"


def _measured_before(pod: Pod, container: Container, key: Key | None) -> Identity | None:
    """A measurement of exactly this container, stamped in an entry of our own, if it may still be used."""
    for entry in pod.ephemeral:
        id_, _, ids = environment(entry.spec).get("DSHELL_MEASURED", "").partition(" ")
        uid, _, gid = (parse_id(word) for word in ids.partition(":"))
        if not id_ or id_ != container.id or uid is None or gid is None:
            continue
        measured = Identity(uid, gid, Source.MEASURED)
        if is_mine(parse_seal(entry.spec, pod.uid), key) and _raises_nothing(measured, pod, container):
            return measured
    return None


def _raises_nothing(measured: Identity, pod: Pod, container: Container) -> bool:
    """Whether running as this user, which a process claims, gives no privileges beyond those the cluster implies."""
    uid, gid = named(pod, container)
    if uid == 0:
        return measured.uid != 0 or measured.gid != 0
    return measured.uid != 0 and uid in (None, measured.uid) and gid in (None, measured.gid)


def _spec(pod: Pod, container: Container, field: str) -> int | None:
    value = container.security.get(field, pod.security.get(field))
    return value if isinstance(value, int) else None


def correction(current: Identity, facts: Facts, pod: Pod, container: Container) -> Identity | None:
    """The identity that would enter where `current` could not; None if no other uid:gid alone would, or may.

    An identity given by the user is never corrected.
    """
    measured = _would_enter(current, facts)
    return measured if measured and _raises_nothing(measured, pod, container) else None


def disbelieved(current: Identity, facts: Facts, pod: Pod, container: Container) -> Identity | None:
    """The identity that would enter if a process in the container is right; it is not used on that claim alone."""
    measured = _would_enter(current, facts)
    return measured if measured and not _raises_nothing(measured, pod, container) else None


def why_disbelieved(claimed: Identity, pod: Pod, container: Container) -> str:
    """The reason, worded to follow "cannot read the app's files: "."""
    uid, gid = named(pod, container)
    where = "the container's status" if container.user is not None else "the pod's spec"
    told = f"{where} says {'?' if uid is None else uid}:{'?' if gid is None else gid}"
    if uid is None and gid is None:
        told = "neither the container's status nor the pod's spec specifies its user"
    return f"{told}, but a process in it claims {claimed}; dshell does not change user on an unverified claim"


def _would_enter(current: Identity, facts: Facts) -> Identity | None:
    if current.source in (Source.GIVEN, Source.PROFILE, Source.CUSTOM) or facts.root_open:
        return None
    if facts.uid is None or facts.gid is None:
        return None
    uids, gids = set(facts.uid[:3]), set(facts.gid[:3])
    if len(uids) > 1 or len(gids) > 1 or facts.dumpable is False or max(uids | gids) > _LARGEST:
        return None
    measured = Identity(facts.uid[0], facts.gid[0], Source.MEASURED)
    if (measured.uid, measured.gid) in ((facts.our_uid, facts.our_gid), (current.uid, current.gid)):
        return None
    if measured.uid != 0 and facts.caps:
        return None  # a non-root process of a container gets no permitted capabilities, whichever are added
    return measured
