"""Whom the debug container has to be: the target's uid and gid, and where they were learned.

The kernel opens /proc/PID/root to a reader whose filesystem uid *and* gid equal the target's real, effective and
saved ones, whose permitted capabilities contain the target's, if the target is dumpable; or who has
CAP_SYS_PTRACE (ptrace(2), "Ptrace access mode checking").
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from kubectl_dshell.domain.bounds import small_number
from kubectl_dshell.domain.debug_container import environment

if TYPE_CHECKING:
    from kubectl_dshell.domain.facts import Facts
    from kubectl_dshell.domain.pod import Container, Pod


class Source(StrEnum):
    """Where an identity was learned, in words that finish "as 65532:65532 (from ...)"."""

    GIVEN = "from --run-as"
    PROFILE = "from --profile general"
    STATUS = "from the container's status"
    SPEC = "from the pod's spec"
    MEASURED = "measured in the container"
    ENTRY = "as it was made"
    GUESS = "a guess: neither status nor spec tells"


@dataclass(frozen=True, slots=True)
class Identity:
    uid: int
    gid: int
    source: Source

    def __str__(self) -> str:
        return f"{self.uid}:{self.gid}"


# Distroless "nonroot". As a wrong guess it costs nothing but the entry: /proc/PID/status is readable to everybody.
UNKNOWN = Identity(65532, 65532, Source.GUESS)


def identify(pod: Pod, container: Container, run_as: tuple[int, int | None] | None) -> Identity:
    """The best identity that is known before anything runs.

    `run_as` without a gid takes the target's where it is known for that uid, else 0, as the runtime would.
    runAsUser without runAsGroup says nothing of the gid (it is the image's passwd entry, or 0): a guess.
    """
    if run_as is not None:
        uid, gid = run_as
        known = container.user[1] if container.user and container.user[0] == uid else 0
        return Identity(uid, known if gid is None else gid, Source.GIVEN)
    if measured := _measured_before(pod, container):
        return measured
    if container.user is not None:
        return Identity(*container.user, Source.STATUS)
    spec_uid = _spec(pod, container, "runAsUser")
    spec_gid = _spec(pod, container, "runAsGroup")
    if spec_uid is None:
        return UNKNOWN
    if spec_gid is None:
        return Identity(spec_uid, 0, Source.GUESS)
    return Identity(spec_uid, spec_gid, Source.SPEC)


def stamp(identity: Identity, container: Container) -> str:
    """What a debug container carries so that the next one need not measure again: whose identity it is, and which."""
    return f"{container.id} {identity}"


def _measured_before(pod: Pod, container: Container) -> Identity | None:
    for entry in pod.ephemeral:
        id_, _, ids = environment(entry.spec).get("DSHELL_MEASURED", "").partition(" ")
        uid, gid = (small_number(text) for text in ids.partition(":")[::2])
        if id_ and id_ == container.id and uid is not None and gid is not None:
            return Identity(uid, gid, Source.MEASURED)
    return None


def _spec(pod: Pod, container: Container, field: str) -> int | None:
    value = container.security.get(field, pod.security.get(field))
    return None if value is None else int(value)


def correction(current: Identity, facts: Facts) -> Identity | None:
    """The identity that would enter where `current` could not, or None if no other uid:gid alone would.

    What the user said is never corrected.
    """
    if current.source in (Source.GIVEN, Source.PROFILE) or facts.root_open:
        return None
    if facts.uid is None or facts.gid is None:
        return None
    uids, gids = set(facts.uid[:3]), set(facts.gid[:3])
    if len(uids) > 1 or len(gids) > 1 or facts.dumpable is False:
        return None
    measured = Identity(facts.uid[0], facts.gid[0], Source.MEASURED)
    if (measured.uid, measured.gid) == (facts.our_uid, facts.our_gid):
        return None
    if measured.uid != 0 and facts.caps:
        return None  # a container's non-root process gets no permitted capabilities, whatever is added
    return measured
