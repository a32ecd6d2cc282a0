"""Which pods a workload means, by its own selector, and which of them comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.domain.reference import Kind, Reference
from kubectl_dshell.errors import NoTarget

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubectl_dshell.domain.pod import Json


def selector_of(reference: Reference, workload: Json) -> str:
    """The label selector, as a query takes it, of the pods of `workload`; raises NoTarget where it has none."""
    selector = (workload.get("spec") or {}).get("selector") or {}
    if reference.kind is Kind.SERVICE:
        selector = {"matchLabels": selector}
    text = format_selector(selector)
    if not text:
        raise NoTarget(
            f"{reference} selects no pods itself (it has no selector)",
            f"Where it leads: kubectl get endpointslices -l kubernetes.io/service-name={reference.name}"
            if reference.kind is Kind.SERVICE
            else f"Its pods: kubectl describe {reference}",
        )
    return text


def format_selector(selector: Json) -> str:
    """A v1 LabelSelector as text: its labels, then its expressions."""
    labels = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    return ",".join(labels + [_expression(e) for e in selector.get("matchExpressions") or []])


def _expression(expression: Json) -> str:
    key, values = expression["key"], ",".join(expression.get("values") or [])
    match expression["operator"]:
        case "In":
            return f"{key} in ({values})"
        case "NotIn":
            return f"{key} notin ({values})"
        case "DoesNotExist":
            return f"!{key}"
        case _:
            return str(key)


def jobs_at_work(cronjob: Json, jobs: Iterable[Json]) -> list[Json]:
    """The jobs of `cronjob` that have pods running, newest first."""
    uid = cronjob["metadata"]["uid"]
    its = (j for j in jobs if any(o.get("uid") == uid for o in j["metadata"].get("ownerReferences") or []))
    return sorted((j for j in its if (j.get("status") or {}).get("active")), key=_created, reverse=True)


def newest_ready_first(pods: Iterable[Json]) -> list[Json]:
    """Ready pods before others, in each the newest first; names decide between twins."""
    by_name = sorted(pods, key=lambda pod: str(pod["metadata"]["name"]))
    return sorted(by_name, key=lambda pod: (_ready(pod), _created(pod)), reverse=True)


def _ready(pod: Json) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions)


def _created(item: Json) -> str:
    """RFC 3339 in UTC and whole seconds sorts as text."""
    return str(item["metadata"].get("creationTimestamp") or "")
