"""The result of one check of `doctor`, and the judgements that need no other knowledge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from kubectl_dshell.domain.permissions import SESSION, Permission, Use, in_words
from kubectl_dshell.domain.text.duration import age

if TYPE_CHECKING:
    from collections.abc import Mapping

SAME_TIME = timedelta(seconds=5)
"""A Date header has whole seconds and takes a moment to arrive."""


class Status(StrEnum):
    OK = "ok"
    WARNING = "warning"
    """Something works worse than it could, or does not work that not everybody needs."""
    FAILED = "failed"
    UNKNOWN = "unknown"
    """The cluster does not tell, or not this user."""


class Unknown(NamedTuple):
    """Takes the place of a fact that could not be read."""

    why: str


@dataclass(frozen=True, slots=True)
class Check:
    """`name` is for programs, `title` for people; `fix`: what to type or do, a line each."""

    name: str
    title: str
    status: Status
    message: str
    fix: tuple[str, ...] = ()
    missing: tuple[Permission, ...] = ()
    """Permissions that would have to be granted."""


@dataclass(frozen=True, slots=True)
class Checkup:
    """The checks, which are not `complete` without a connection.

    `who`: the user as the cluster knows them; empty if it does not say.
    """

    namespace: str
    who: str
    checks: tuple[Check, ...]
    complete: bool = True

    @property
    def failed(self) -> bool:
        return any(one.status is Status.FAILED for one in self.checks)


def permissions(use: Use, allowed: Mapping[Permission, bool] | Unknown) -> Check:
    """Whether RBAC allows `use`."""
    name, title = f"permissions.{use.name}", "permissions"
    if isinstance(allowed, Unknown):
        return Check(name, title, Status.UNKNOWN, f"{use.command}: {allowed.why}")
    missing = tuple(one for one in use.granted if not allowed[one])
    if not missing:
        without = [one for one in use.optional if not allowed[one]]
        more = f" (optional, and missing: {in_words(without)})" if without else ""
        return Check(name, title, Status.OK, f"{use.command}: all granted{more}")
    needed = any(one in use.needed for one in missing)
    lacks = f"{use.command}: missing {in_words(missing)}" + ("" if needed else "; works without, but slower")
    if use is SESSION and needed:
        return Check(name, title, Status.FAILED, lacks, ("have the Role below granted",), missing)
    return Check(
        name, title, Status.WARNING, lacks, (f"a Role that suffices: manifests/rbac/{use.name}.yaml",), missing
    )


def clock(offset: timedelta | None) -> Check:
    """`offset`: how far the API server's clock is ahead of ours."""
    name = "clock"
    if offset is None:
        return Check(name, name, Status.UNKNOWN, "the API server sends no Date header")
    if abs(offset) <= SAME_TIME:
        return Check(name, name, Status.OK, f"within {SAME_TIME.seconds} s of the API server's")
    side = "behind" if offset > timedelta() else "ahead of"
    return Check(
        name,
        name,
        Status.WARNING,
        f"this machine's clock is {age(abs(offset))} {side} the API server's: certificates and tokens may be rejected",
        ("synchronize it: timedatectl set-ntp true (macOS: sudo sntp -sS time.apple.com)",),
    )
