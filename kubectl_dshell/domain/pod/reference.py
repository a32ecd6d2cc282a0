"""POD or KIND/NAME, as accepted by kubectl exec and kubectl logs."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple


class WorkloadKind(StrEnum):
    """Kinds that have pods, by their singular names in the API."""

    POD = "pod"
    DEPLOYMENT = "deployment"
    STATEFULSET = "statefulset"
    DAEMONSET = "daemonset"
    REPLICASET = "replicaset"
    JOB = "job"
    CRONJOB = "cronjob"
    SERVICE = "service"

    @property
    def plural(self) -> str:
        """The resource name."""
        return f"{self}s"

    @property
    def group(self) -> str:
        match self:
            case WorkloadKind.POD | WorkloadKind.SERVICE:
                return ""
            case WorkloadKind.JOB | WorkloadKind.CRONJOB:
                return "batch"
            case _:
                return "apps"


_SHORT = {
    "po": WorkloadKind.POD,
    "deploy": WorkloadKind.DEPLOYMENT,
    "sts": WorkloadKind.STATEFULSET,
    "ds": WorkloadKind.DAEMONSET,
    "rs": WorkloadKind.REPLICASET,
    "cj": WorkloadKind.CRONJOB,
    "svc": WorkloadKind.SERVICE,
}
_SPELLED = _SHORT | {name: kind for kind in WorkloadKind for name in (kind.value, kind.plural)}
_QUALIFIED = {
    f"{name}.{version}{kind.group}": kind
    for kind in WorkloadKind
    if kind.group
    for name in (kind.value, kind.plural)
    for version in ("", "v1.")
}
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?", re.ASCII)
KINDS = "pod deploy sts ds rs job cronjob svc"


class Reference(NamedTuple):
    """A pod or workload named on the command line."""

    kind: WorkloadKind
    name: str

    def __str__(self) -> str:
        """The form to type."""
        return self.name if self.kind is WorkloadKind.POD else f"{self.kind}/{self.name}"


def kind_spelled(word: str) -> WorkloadKind | None:
    """The kind of this name, in one of kubectl's spellings without a version."""
    return _SPELLED.get(word)


def spellings(beginning: str) -> list[str]:
    """The names of kinds that begin like this: of each kind one (KINDS), unless only others do."""
    usual = [word for word in KINDS.split() if word.startswith(beginning)]
    return usual or [word for word in _SPELLED if word.startswith(beginning)]


def is_name(word: str) -> bool:
    """Whether it has the characters and the length of a pod's, a workload's or a container's name."""
    return _NAME.fullmatch(word) is not None


def parse_reference(word: str) -> Reference:
    """Raises ValueError with the reason if `word` is invalid."""
    typed, slash, name = word.rpartition("/")
    kind = (_SPELLED | _QUALIFIED).get(typed.lower()) if slash else WorkloadKind.POD
    if kind is None:
        raise ValueError(
            f"{word!r}: {typed!r} is not a kind that has pods; use POD or KIND/NAME, where KIND is one of: {KINDS}"
        )
    if not is_name(name):
        raise ValueError(f"{word!r} is not a valid {kind} name")
    return Reference(kind, name)
