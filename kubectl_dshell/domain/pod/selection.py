"""Selects the pods of a workload by its own selector, and orders them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.domain.pod.json_fields import Fields
from kubectl_dshell.domain.pod.pod import called
from kubectl_dshell.domain.pod.reference import Reference, WorkloadKind
from kubectl_dshell.errors import Malformed, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubectl_dshell.domain.pod.pod import Json


def selector_of(reference: Reference, workload: Json) -> str:
    """The label selector of `workload`, in the form of a query parameter.

    Raises NotFound if it has none, Malformed if it is invalid.
    """
    spec = Fields.of(str(reference), workload).fields("spec")
    text = (
        _labels(spec, "selector")
        if reference.kind is WorkloadKind.SERVICE
        else format_selector(spec.fields("selector"))
    )
    if not text:
        raise NotFound(
            f"{reference} has no selector, so it selects no pods",
            f"Its endpoints: kubectl get endpointslices -l kubernetes.io/service-name={reference.name}"
            if reference.kind is WorkloadKind.SERVICE
            else f"Its pods: kubectl describe {reference}",
        )
    return text


def format_selector(selector: Fields) -> str:
    """A v1 LabelSelector as text: labels first, then expressions."""
    labels = _labels(selector, "matchLabels")
    return ",".join([*([labels] if labels else []), *(_expression(e) for e in selector.items("matchExpressions"))])


def _labels(selector: Fields, name: str) -> str:
    return ",".join(f"{key}={value}" for key, value in selector.labels(name).items())


def _expression(expression: Fields) -> str:
    key, values = expression.text("key"), ",".join(expression.texts("values"))
    match expression.text("operator"):
        case "In":
            return f"{key} in ({values})"
        case "NotIn":
            return f"{key} notin ({values})"
        case "DoesNotExist":
            return f"!{key}"
        case _:
            return key


def identity_of(pod: Json) -> str:
    """Its UID; the claimed name of a malformed pod without one."""
    uid = _meta(pod, "uid")
    return uid or "/".join(called(pod))


def jobs_at_work(cronjob: Json, jobs: Iterable[Json]) -> list[Json]:
    """The jobs of `cronjob` with active pods, newest first; raises Malformed."""
    uid = Fields.of("the cronjob", cronjob).fields("metadata").text("uid")
    its = (job for job in jobs if _is_of(uid, Fields.of("a job", job).fields("metadata")))
    return sorted(
        (j for j in its if Fields.of("a job", j).fields("status").number("active", 0, 2**31)),
        key=_created,
        reverse=True,
    )


def _is_of(uid: str, job: Fields) -> bool:
    return any(owner.text("uid") == uid for owner in job.items("ownerReferences"))


def newest_ready_first(pods: Iterable[Json]) -> list[Json]:
    """Ready pods before others, then the newest first, then by name.

    The position of a malformed pod is undefined: parsing it reports the error.
    """
    by_name = sorted(pods, key=lambda pod: _meta(pod, "name"))
    return sorted(by_name, key=lambda pod: (_ready(pod), _created(pod)), reverse=True)


def _ready(pod: Json) -> bool:
    try:
        conditions = Fields.of("a pod", pod).fields("status").items("conditions")
        return any(c.text("type") == "Ready" and c.text("status") == "True" for c in conditions)
    except Malformed:
        return False


def _created(item: Json) -> str:
    """RFC 3339 times in UTC and whole seconds sort as strings."""
    return _meta(item, "creationTimestamp")


def _meta(item: Json, name: str) -> str:
    try:
        return Fields.of("a pod", item).fields("metadata").text(name)
    except Malformed:
        return ""
