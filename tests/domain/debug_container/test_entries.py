"""What entries cost, and when a pod has no room for another."""

from __future__ import annotations

import sys

import pytest

from kubectl_dshell.domain.debug_container.entries import cost, has_room, json_bytes, too_large
from kubectl_dshell.errors import Malformed
from tests.pods import Json, make_pod

LARGEST = 1_572_864
WAY_OUT = (
    "Entries are removed only with their pod. Restart its workload (kubectl rollout restart), or delete the pod if a "
    "controller recreates it: kubectl delete pod web -n shop"
)
ENTRY = {"name": "dshell-new", "image": "busybox"}


def entries(number: int, state: str = "terminated") -> dict[str, list[Json]]:
    names = [f"dshell-{n:05d}" for n in range(number)]
    return {
        "ephemeral": [{"name": name} for name in names],
        "ephemeral_statuses": [{"name": name, "state": {state: {}}} for name in names],
    }


def largest(number: int, state: str) -> int:
    """The size of a pod with so many entries up to which another one fits, found by halving."""
    pod, low, high = make_pod(**entries(number, state)), 0, LARGEST
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if has_room(pod, middle, ENTRY) else (low, middle)
    return low


def test_text_counts_in_bytes() -> None:
    assert json_bytes({"é": ["\n", 1]}) == len('{"é":["\\n",1]}'.encode()) == 15
    assert json_bytes("\ud800") == 5  # as JSON may say it


def test_what_is_nested_too_deeply_is_malformed() -> None:
    deep: Json = {}
    for _ in range(sys.getrecursionlimit()):
        deep = {"a": deep}

    with pytest.raises(Malformed, match="nested too deeply"):
        json_bytes(deep)


@pytest.mark.parametrize("state", ["waiting", "running"])
def test_what_has_not_ended_yet_will_grow(state: str) -> None:
    assert largest(40, "terminated") - largest(40, state) == 40 * 1536


def test_room_is_left_for_the_kubelet_and_the_entry_counts() -> None:
    pod, most = make_pod(), largest(0, "running")

    assert 64 * 1024 < LARGEST - most < 70 * 1024
    assert has_room(pod, most - 100_000, {"env": "x" * 99_000})
    assert not has_room(pod, most - 100_000, {"env": "x" * 101_000})


def test_the_way_out_is_named() -> None:
    pod = make_pod(**entries(80))
    refusal = too_large(pod, 1_480_000, ["kubectl dshell attach web/dshell-a", "kubectl dshell attach web/dshell-b"])

    assert refusal.message == (
        "web cannot take another debug container: it is 1.4 MiB in size, with 80 ephemeral containers; with another one, "
        "its node could soon no longer report its state (etcd stores at most 1.5 MiB)"
    )
    assert refusal.advice == (
        "Join one that is running: kubectl dshell attach web/dshell-a",
        WAY_OUT,
        "In the new pod, let commands share a debug container: --keep 10m",
    )


def test_the_cluster_s_own_words_are_the_reason_where_there_are_some() -> None:
    refusal = too_large(make_pod(**entries(1)), 900_000, [], "too large")

    assert refusal.message.endswith(
        "it is 878 KiB in size, with 1 ephemeral container; the cluster does not store a larger one: too large"
    )
    assert len(refusal.advice) == 2


def test_the_cost_is_told_with_the_way_out() -> None:
    assert cost(make_pod(**entries(50)), 300_000) == (
        "web has 50 ephemeral containers: each change of its status sends all 292 KiB of it to everyone who watches it. "
        "With --keep 10m, commands share one.\n"
        f"{WAY_OUT}"
    )
