"""The entries of a pod, of every tool: how many there are, what they cost, and whether there is room for another.

Nothing removes an entry from a pod. A pod that has reached the maximum size is worse off than one that cannot take
another entry: the kubelet's updates of its status are refused as well.
"""

from __future__ import annotations

import json
from shlex import quote
from typing import TYPE_CHECKING

from kubectl_dshell.domain.pod.pod import Phase
from kubectl_dshell.errors import Malformed, PodTooLarge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_dshell.domain.pod.pod import Json, Pod

MANY = 50
"""From this number of entries on, a notice states their cost."""
_LARGEST_OBJECT = 1_572_864  # bytes; etcd's --max-request-bytes, which few clusters change
_LATER_BYTES = 1536  # what an entry grows by: managedFields (1.0 kB) and its status (0.6 kB), as measured
_RESERVE_BYTES = 64 * 1024  # for other growth of the status (messages have up to 4 kB), and a corrected second entry


def json_bytes(value: object) -> int:
    """The size as JSON in UTF-8: an upper bound of the size as protobuf, which is what is stored (88 to 99 % of it).

    Raises Malformed for what is nested too deeply.
    """
    try:
        return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(errors="surrogatepass"))
    except RecursionError:
        raise Malformed("the API server returned JSON that is nested too deeply") from None


def has_room(pod: Pod, pod_bytes: int, entry: Json) -> bool:
    """Whether `entry` fits into `pod`, which has `pod_bytes` now, together with all that the kubelet will report."""
    unfinished = sum(c.state.phase is not Phase.TERMINATED for c in pod.ephemeral)
    later = _LATER_BYTES * (unfinished + 1) + _RESERVE_BYTES
    return pod_bytes + json_bytes(entry) + later <= _LARGEST_OBJECT


def too_large(pod: Pod, pod_bytes: int, joinable: Sequence[str], refused: str = "") -> PodTooLarge:
    """The refusal of another entry; `joinable` are commands that join what runs in the pod.

    `refused`: the cluster's message; empty if it was not asked, because the kubelet could soon not update the pod.
    """
    most = _size(_LARGEST_OBJECT)
    limit = f"with another one, its node could soon no longer report its state (etcd stores at most {most})"
    why = f"the cluster does not store a larger one: {refused}" if refused else limit
    return PodTooLarge(
        f"{pod.name} cannot take another debug container: it is {_size(pod_bytes)} in size, with {_many(pod)}; {why}",
        *(f"Join one that is running: {command}" for command in joinable[:1]),
        _way_out(pod),
        "In the new pod, let commands share a debug container: --keep 10m",
    )


def cost(pod: Pod, pod_bytes: int) -> str:
    """A notice for the user who is about to add another entry to many."""
    return (
        f"{pod.name} has {_many(pod)}: each change of its status sends all {_size(pod_bytes)} of it to everyone who "
        f"watches it. With --keep 10m, commands share one.\n{_way_out(pod)}"
    )


def _many(pod: Pod) -> str:
    number = len(pod.ephemeral)
    return f"{number} ephemeral container{'' if number == 1 else 's'}"


def _way_out(pod: Pod) -> str:
    where = f"{quote(pod.name)} -n {quote(pod.namespace)}"
    return (
        "Entries are removed only with their pod. Restart its workload (kubectl rollout restart), or delete the pod if "
        f"a controller recreates it: kubectl delete pod {where}"
    )


def _size(number: int) -> str:
    return f"{number / 1024**2:.1f} MiB" if number >= 1024**2 else f"{number // 1024} KiB"
