"""Limits of memory, and what is left below them."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.domain.diagnosis.memory import (
    Memory,
    container_limit,
    in_words,
    parse_quantity,
    pod_limit,
    used,
)
from kubectl_dshell.errors import Malformed
from tests.pods import make_pod

MI = 1 << 20


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("128Mi", 128 * MI),
        ("1.5Gi", 1536 * MI),
        ("1G", 10**9),
        ("1k", 1000),
        ("2Ki", 2048),
        ("134217728", 128 * MI),
        ("1e9", 10**9),
        ("1E3", 1000),
        ("500m", 0),
        ("999999999999999999Ei", 2**63 - 1),
        ("1K", None),
        ("-1", None),
        ("1 Gi", None),
        ("", None),
        ("9" * 5000, None),
        ("1e999", None),
    ],
)
def test_quantities_are_bytes(text: str, number: int | None) -> None:
    assert parse_quantity(text) == number


def limited(memory: str, name: str = "app", **more: Any) -> dict[str, Any]:
    limits = {"resources": {"limits": {"memory": memory}}} if memory else {}
    return {"name": name, **limits, **more}


@pytest.mark.parametrize(
    ("spec", "limit"),
    [
        pytest.param({"containers": [limited("64Mi")]}, 64 * MI, id="its only container's"),
        pytest.param({"containers": [limited("64Mi"), limited("", "b")]}, None, id="one has none"),
        pytest.param({"containers": [limited("64Mi"), limited("0", "b")]}, None, id="zero is none"),
        pytest.param({"containers": [limited("64Mi"), limited("32Mi", "b")]}, 96 * MI, id="their sum"),
        pytest.param(
            {"containers": [limited("64Mi")], "initContainers": [limited("", "b")]},
            None,
            id="an init container has none",
        ),
        pytest.param(
            {"containers": [limited("64Mi")], "initContainers": [limited("1Gi", "b")]}, 1024 * MI, id="a large one"
        ),
        pytest.param(
            {"containers": [limited("64Mi")], "initContainers": [limited("8Mi", "b", restartPolicy="Always")]},
            72 * MI,
            id="a sidecar",
        ),
        pytest.param(
            {"containers": [limited("")], "resources": {"limits": {"memory": "128Mi"}}}, 128 * MI, id="the pod's own"
        ),
    ],
)
def test_a_pod_has_a_limit_if_all_of_it_has(spec: dict[str, Any], limit: int | None) -> None:
    assert pod_limit(make_pod(spec=spec)) == limit


@pytest.mark.parametrize("resources", [[], {"limits": 5}, {"limits": {"memory": 5}}, {"limits": {"memory": "x" * 300}}])
def test_malformed_limits_are_refused(resources: Any) -> None:
    pod = make_pod(spec={"containers": [{"name": "app", "resources": resources}]})

    with pytest.raises(Malformed):
        pod_limit(pod)
    with pytest.raises(Malformed):
        container_limit(pod.containers[0])


@pytest.mark.parametrize(
    ("metrics", "number"),
    [
        ({"containers": [{"usage": {"memory": "10Mi"}}, {"usage": {"memory": "5Mi"}}]}, 15 * MI),
        ({"containers": [{"usage": {"memory": "10Mi"}}, {"usage": {}}]}, None),
        ({}, None),
    ],
)
def test_the_use_of_all_containers_is_added_up(metrics: Any, number: int | None) -> None:
    assert used(metrics) == number


def test_malformed_metrics_are_refused() -> None:
    with pytest.raises(Malformed):
        used({"containers": 5})


@pytest.mark.parametrize(
    ("memory", "left"), [(Memory(10, 4), 6), (Memory(4, 10), 0), (Memory(None, 4), None), (Memory(10), None)]
)
def test_what_is_left(memory: Memory, left: int | None) -> None:
    assert memory.left == left


def test_it_is_written_as_kubectl_top_does() -> None:
    assert (in_words(130 * MI + 5), in_words(2048)) == ("130Mi", "2Ki")
