"""The Pod Security level that a namespace's labels enforce, and what it means for debug containers."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from kubectl_dshell.domain.diagnosis.check import Check, Status, Unknown
from kubectl_dshell.domain.pod.json_fields import Fields
from kubectl_dshell.domain.text.bounds import one_line
from kubectl_dshell.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Mapping

_LABEL = "pod-security.kubernetes.io/"


class Level(StrEnum):
    PRIVILEGED = "privileged"
    BASELINE = "baseline"
    RESTRICTED = "restricted"


class PodSecurity(NamedTuple):
    """The labels of a namespace; None: it has none, and the cluster's default applies, usually privileged."""

    enforce: Level | None
    version: str = ""
    """Of Kubernetes, whose rules apply; empty: the cluster's own."""
    warn: Level | None = None


def parse_pod_security(namespace: object) -> PodSecurity:
    """From a v1 Namespace; raises Malformed."""
    labels = Fields.of("the namespace", namespace).fields("metadata").labels("labels")
    version = one_line(labels.get(f"{_LABEL}enforce-version", ""), 32)
    return PodSecurity(_level(labels, "enforce"), "" if version == "latest" else version, _level(labels, "warn"))


def _level(labels: Mapping[str, str], mode: str) -> Level | None:
    value = labels.get(_LABEL + mode, "")
    if not value:
        return None
    try:
        return Level(value)
    except ValueError:
        raise Malformed(f"the namespace's label {_LABEL}{mode} is not a level: {one_line(value, 32)!r}") from None


def in_words(found: PodSecurity) -> str:
    """For a line: "restricted (v1.30)"."""
    if found.enforce is None:
        return "no level is set by label"
    return found.enforce + (f" ({found.version})" if found.version else "")


def judged(namespace: str, found: PodSecurity | Unknown | None) -> Check:
    """`found`: None if there is no such namespace."""
    name, title = "podSecurity", "Pod Security"
    if found is None:
        fix = "kubectl get namespaces, then: -n NAMESPACE"
        return Check(name, title, Status.FAILED, f'there is no namespace "{namespace}"', (fix,))
    if isinstance(found, Unknown):
        asks = ("ask about a pod: kubectl dshell explain POD",)
        return Check(name, title, Status.UNKNOWN, found.why, asks)
    warns = f"; what violates {found.warn} is warned about" if found.warn not in (None, found.enforce) else ""
    return Check(name, title, Status.OK, f"{in_words(found)}: {_meaning(found.enforce)}{warns}")


def _meaning(level: Level | None) -> str:
    match level:
        case None:
            return "every profile is allowed, unless the cluster has another default or policy"
        case Level.PRIVILEGED:
            return "every profile is allowed, unless the cluster has another policy"
        case Level.BASELINE:
            return "apps are entered as their own user, root included; --profile general is refused"
        case Level.RESTRICTED:
            return "apps are entered as their own user, except root; --profile general is refused"
