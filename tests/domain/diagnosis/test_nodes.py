"""Nodes parsed and judged."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.domain.diagnosis.check import Status, Unknown
from kubectl_dshell.domain.diagnosis.nodes import (
    Node,
    debug_image,
    full_image_name,
    parse_node,
    version,
    versions,
)
from kubectl_dshell.errors import Malformed

BUSYBOX = "docker.io/library/busybox:1.37"


def node_json(images: list[list[str]] | None = None, *, system: str = "linux", **info: Any) -> dict[str, Any]:
    told = {"operatingSystem": system, "kubeletVersion": "v1.36.3", "containerRuntimeVersion": "containerd://2.2.1"}
    return {
        "metadata": {"name": "node-1"},
        "status": {"nodeInfo": told | info, "images": [{"names": names} for names in images or []]},
    }


def node(
    *, has: bool = False, kubelet: str = "v1.36.3", runtime: str = "containerd://2.2.1", whole: bool = True
) -> Node:
    return Node(kubelet, runtime, has, whole)


@pytest.mark.parametrize(
    ("image", "has"),
    [
        ("busybox:1.37", True),
        (BUSYBOX, True),
        ("busybox@sha256:aa", True),
        ("busybox", False),
        ("ghcr.io/busybox:1.37", False),
    ],
)
def test_an_image_is_on_a_node_whatever_it_is_called(image: str, *, has: bool) -> None:
    listed = node_json([[BUSYBOX, f"{BUSYBOX.partition(':')[0]}@sha256:aa"], ["other:1"]])

    assert parse_node(listed, image) == node(has=has)


def test_a_node_of_another_system_is_none() -> None:
    assert parse_node(node_json(system="windows"), BUSYBOX) is None


def test_a_node_that_reports_fifty_images_may_have_more() -> None:
    found = parse_node(node_json([[f"i:{n}"] for n in range(50)]), BUSYBOX)

    assert found is not None
    assert not found.lists_all_images


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {"metadata": {"name": "No Name"}},
        {"metadata": {"name": "n"}, "status": {"images": [1]}},
        {"metadata": {"name": "n"}, "status": {"images": [{"names": [1]}]}},
        {"metadata": {"name": "n"}, "status": {"nodeInfo": {"kubeletVersion": 1}}},
        {"metadata": {"name": "n"}, "status": {"nodeInfo": {"kubeletVersion": "v" * 300}}},
    ],
)
def test_a_malformed_node_is_refused(wrong: object) -> None:
    with pytest.raises(Malformed):
        parse_node(wrong, BUSYBOX)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("v1.36.3", (1, 36)),
        ("v1.29.1-gke.100", (1, 29)),
        ("1.31+k3s1", (1, 31)),
        ("containerd://2.2.1", (2, 2)),
        ("cri-o://1.31.0", (1, 31)),
        ("docker://Unknown", None),
        ("", None),
        ("v99999.1", None),
    ],
)
def test_versions_are_two_numbers(text: str, number: tuple[int, int] | None) -> None:
    assert version(text) == number


@pytest.mark.parametrize(
    ("image", "full"),
    [
        ("busybox", "docker.io/library/busybox:latest"),
        ("busybox:1.37", BUSYBOX),
        ("dev/tools", "docker.io/dev/tools:latest"),
        ("ghcr.io/dev/tools:2", "ghcr.io/dev/tools:2"),
        ("localhost/tools", "localhost/tools:latest"),
        ("registry:5000/tools", "registry:5000/tools:latest"),
        ("busybox@sha256:aa", "docker.io/library/busybox@sha256:aa"),
    ],
)
def test_an_image_is_named_as_a_runtime_names_it(image: str, full: str) -> None:
    assert full_image_name(image) == full


def test_versions_of_nodes_are_counted() -> None:
    found = versions([node(), node(kubelet="v1.35.0"), node()])

    assert (found.status, found.message) == (
        Status.OK,
        "3 nodes: kubelet v1.36.3 (2), kubelet v1.35.0 (1), containerd 2.2.1",
    )


def test_of_many_versions_a_few_are_shown() -> None:
    found = versions([node(kubelet=f"v1.{minor}.0") for minor in range(30, 36)])

    assert "kubelet v1.32.0 (1) and 3 more" in found.message


@pytest.mark.parametrize("nodes", [Unknown("you may not list nodes"), []])
def test_nodes_that_cannot_be_seen_are_unknown(nodes: Any) -> None:
    assert versions(nodes).status is Status.UNKNOWN
    assert debug_image("busybox", nodes).status is Status.UNKNOWN


HAS, LACKS, SILENT = node(has=True), node(), node(whole=False)


@pytest.mark.parametrize(
    ("nodes", "status", "said"),
    [
        ([HAS], Status.OK, "busybox:1.37 is on the node"),
        ([HAS, HAS], Status.OK, "busybox:1.37 is on all 2 nodes"),
        ([LACKS], Status.WARNING, "busybox:1.37 is missing on 1 node, which pulls it at the first start"),
        ([LACKS, LACKS], Status.WARNING, "busybox:1.37 is missing on 2 nodes, which pull it at the first start"),
        ([HAS, LACKS], Status.WARNING, "busybox:1.37 is missing on 1 of 2 nodes, which pulls it at the first start"),
        (
            [HAS, SILENT],
            Status.UNKNOWN,
            "busybox:1.37 is not among the 50 largest images, which are all that 1 node reports",
        ),
        (
            [SILENT, SILENT],
            Status.UNKNOWN,
            "busybox:1.37 is not among the 50 largest images, which are all that 2 nodes report",
        ),
    ],
)
def test_the_debug_image_is_looked_for_on_the_nodes(nodes: list[Node], status: Status, said: str) -> None:
    found = debug_image("busybox:1.37", nodes)

    assert (found.status, found.message) == (status, said)
