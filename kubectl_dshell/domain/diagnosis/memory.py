"""The memory of a pod: which limit a debug container counts against, and what is left of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from kubectl_dshell.domain.pod.json_fields import Fields
from kubectl_dshell.domain.text.bounds import LONGEST_LINE

if TYPE_CHECKING:
    from kubectl_dshell.domain.pod.pod import Container, Json, Pod

_QUANTITY = re.compile(r"(\d{1,18}(?:\.\d{1,9})?)(?:[eE](\d{1,2})|(m|k|[KMGTPE]i|[MGTPE]))?", re.ASCII)
_LARGEST = 2**63 - 1  # of a resource.Quantity
_FACTORS = {"": 1.0, "m": 0.001, "k": 1e3}
_FACTORS |= {unit: 1000.0**power for power, unit in enumerate("MGTPE", 2)}
_FACTORS |= {f"{unit}i": 1024.0**power for power, unit in enumerate("KMGTPE", 1)}


class Memory(NamedTuple):
    """Bytes; None: the pod has no limit, or its use is unknown."""

    limit: int | None
    used: int | None = None

    @property
    def left(self) -> int | None:
        return None if self.limit is None or self.used is None else max(0, self.limit - self.used)


def parse_quantity(text: str) -> int | None:
    """Bytes of a Kubernetes quantity: 128Mi, 1G, 1.5Gi, 1e9; None for anything else."""
    match = _QUANTITY.fullmatch(text)
    if match is None:
        return None
    number, exponent, unit = match.groups()
    return min(int(float(number) * _FACTORS[unit or ""] * 10.0 ** int(exponent or 0)), _LARGEST)


def container_limit(container: Container) -> int | None:
    """Raises Malformed."""
    return _limit(container.spec, f"container {container.name}")


def pod_limit(pod: Pod) -> int | None:
    """The limit of the pod's cgroup, below which a debug container has none of its own; raises Malformed.

    It is that of the pod, else the sum of its containers' if each has one (kubelet `ResourceConfigForPod`).
    """
    whole = _limit(pod.spec, f"pod {pod.name}")
    if whole is not None:
        return whole
    app, init = [container_limit(c) for c in pod.containers], [container_limit(c) for c in pod.init]
    limits = [limit for limit in (*app, *init) if limit]
    if not limits or len(limits) < len(app) + len(init):
        return None
    return max(sum(limits[: len(app)]), *limits)


def used(metrics: object) -> int | None:
    """Of the containers in a metrics.k8s.io PodMetrics; raises Malformed."""
    containers = Fields.of("the metrics of the pod", metrics).items("containers")
    found = [parse_quantity(one.fields("usage").text("memory", LONGEST_LINE)) for one in containers]
    known = [number for number in found if number is not None]
    return sum(known) if known and len(known) == len(found) else None


def in_words(number: int) -> str:
    """As kubectl top writes it: 130Mi."""
    return f"{number / 1024**2:.0f}Mi" if number >= 1024**2 else f"{number / 1024:.0f}Ki"


def _limit(spec: Json, what: str) -> int | None:
    return parse_quantity(Fields.of(what, spec).fields("resources").fields("limits").text("memory", LONGEST_LINE))
