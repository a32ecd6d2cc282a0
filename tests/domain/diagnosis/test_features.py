"""Features judged by what is seen, else by versions."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.domain.diagnosis import features
from kubectl_dshell.domain.diagnosis.check import Status, Unknown
from tests.domain.diagnosis.test_nodes import node

URL = "https://api.test"
NO = Unknown("you may not")
NEW, OLD = node(), node(kubelet="v1.32.1", runtime="containerd://1.7.2")
CRIO, OLD_CRIO = node(runtime="cri-o://1.31.0"), node(runtime="cri-o://1.30.9")


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ("v1.36.3", Status.OK),
        ("v1.25.0", Status.OK),
        ("v1.24.9", Status.FAILED),
        ("", Status.UNKNOWN),
        (NO, Status.UNKNOWN),
    ],
)
def test_a_server_may_be_too_old(told: Any, status: Status) -> None:
    found = features.server(URL, told)

    assert found.status is status
    assert found.message.startswith(URL)


@pytest.mark.parametrize(
    ("resources", "status"),
    [
        (["pods", "pods/ephemeralcontainers"], Status.OK),
        (["pods", "pods/exec"], Status.FAILED),
        (NO, Status.UNKNOWN),
    ],
)
def test_ephemeral_containers_are_a_resource(resources: Any, status: Status) -> None:
    assert features.ephemeral_containers(resources).status is status


@pytest.mark.parametrize(
    ("told", "status"),
    [("v1.30.0", Status.OK), ("v1.29.8", Status.WARNING), ("what", Status.UNKNOWN), (NO, Status.UNKNOWN)],
)
def test_the_end_of_input_needs_a_newer_protocol(told: Any, status: Status) -> None:
    assert features.piped_input(told).status is status


@pytest.mark.parametrize(
    ("told", "nodes", "seen", "status"),
    [
        pytest.param("v1.20.0", NO, (3, 0), Status.OK, id="seen in all: no version counts"),
        pytest.param("v1.36.3", [NEW], (2, 1), Status.WARNING, id="missing in one"),
        pytest.param("v1.36.3", [NEW], (0, 1), Status.WARNING, id="missing in all"),
        pytest.param("v1.36.3", [NEW, CRIO], (0, 0), Status.OK, id="nothing runs, and nodes are new"),
        pytest.param("v1.36.3", [NEW], NO, Status.OK, id="pods unseen, and nodes are new"),
        pytest.param("v1.36.3", [NEW, OLD], NO, Status.WARNING, id="an old node"),
        pytest.param("v1.36.3", [OLD_CRIO], NO, Status.WARNING, id="an old CRI-O"),
        pytest.param("v1.36.3", [node(runtime="docker://27.0.1")], NO, Status.WARNING, id="another runtime"),
        pytest.param("v1.36.3", NO, NO, Status.UNKNOWN, id="nodes unseen"),
        pytest.param("v1.32.0", NO, NO, Status.WARNING, id="an old server"),
        pytest.param(NO, [NEW], NO, Status.UNKNOWN, id="the server's version unseen"),
    ],
)
def test_the_user_in_the_status(told: Any, nodes: Any, seen: Any, status: Status) -> None:
    assert features.container_user(told, nodes, seen).status is status


@pytest.mark.parametrize(
    ("told", "nodes", "status", "said"),
    [
        ("v1.36.3", [NEW], Status.OK, "supported"),
        ("v1.36.3", [node(runtime="containerd://2.0.5")], Status.OK, "not on 1 of 1 nodes"),
        ("v1.34.0", [NEW], Status.OK, "not by default"),
        ("v1.36.3", NO, Status.UNKNOWN, "require"),
    ],
)
def test_image_volumes_are_needed_by_nobody(told: Any, nodes: Any, status: Status, said: str) -> None:
    found = features.image_volumes(told, nodes)

    assert found.status is status
    assert found.message.startswith(said)
    assert found.message.endswith("no session needs them")
