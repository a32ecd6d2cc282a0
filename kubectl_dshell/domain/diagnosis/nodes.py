"""Nodes, as far as they matter for debug containers: versions, and the images that are there already."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_dshell.domain.diagnosis.check import Check, Status, Unknown
from kubectl_dshell.domain.pod.json_fields import SUBDOMAIN, Fields
from kubectl_dshell.domain.text.bounds import LONGEST_LINE, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MOST_IMAGES = 50  # that a kubelet reports (nodeStatusMaxImages); the largest ones come first
_SHOWN = 3
_VERSION = re.compile(r"(?:[a-z0-9+.-]+://)?v?(\d{1,4})\.(\d{1,4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Node:
    """A Linux node. `runtime` is as the API has it: containerd://2.2.1."""

    kubelet: str
    runtime: str
    has_image: bool
    """The one that was asked for."""
    lists_all_images: bool


def parse_node(node: object, image: str) -> Node | None:
    """Whether it has `image` is kept, and no other name: a cluster has thousands of nodes.

    None for a node of another operating system; raises Malformed.
    """
    whole = Fields.of("a node", node)
    whole.fields("metadata").name("name", SUBDOMAIN)
    status = whole.fields("status")
    info = status.fields("nodeInfo")
    if info.text("operatingSystem", LONGEST_LINE) not in ("", "linux"):
        return None
    listed = status.items("images")
    names = [name for one in listed for name in one.texts("names")]
    return Node(
        kubelet=one_line(info.text("kubeletVersion", LONGEST_LINE)),
        runtime=one_line(info.text("containerRuntimeVersion", LONGEST_LINE)),
        has_image=full_image_name(image) in {full_image_name(name) for name in names},
        lists_all_images=len(listed) < _MOST_IMAGES,
    )


def version(text: str) -> tuple[int, int] | None:
    """Major and minor of v1.36.3, containerd://2.2.1 or 1.31+k3s; None if it is none."""
    match = _VERSION.match(text)
    return (int(match[1]), int(match[2])) if match else None


def full_image_name(image: str) -> str:
    """With registry and tag, as a runtime stores it: busybox is docker.io/library/busybox:latest."""
    first, slash, _ = image.partition("/")
    if not slash:
        image = f"docker.io/library/{image}"
    elif "." not in first and ":" not in first and first != "localhost":
        image = f"docker.io/{image}"
    last = image.rpartition("/")[2]
    return image if ":" in last or "@" in last else f"{image}:latest"


def versions(nodes: Sequence[Node] | Unknown) -> Check:
    name = "nodes"
    if isinstance(nodes, Unknown):
        return Check(name, name, Status.UNKNOWN, nodes.why)
    if not nodes:
        return Check(name, name, Status.UNKNOWN, "the API server lists no Linux nodes")
    kubelets = _several(f"kubelet {node.kubelet}" for node in nodes)
    runtimes = _several(node.runtime.replace("://", " ") for node in nodes)
    return Check(name, name, Status.OK, f"{_nodes(len(nodes))}: {kubelets}, {runtimes}")


def debug_image(image: str, nodes: Sequence[Node] | Unknown) -> Check:
    """Whether the first session has to wait for `image`, or the node may not be able to pull it at all."""
    name, title = "debugImage", "debug image"
    other = ("an image that the nodes have, or can pull: --image IMAGE, or DSHELL_IMAGE",)
    if isinstance(nodes, Unknown) or not nodes:
        why = nodes.why if isinstance(nodes, Unknown) else "the API server lists no Linux nodes"
        return Check(name, title, Status.UNKNOWN, f"{image}: {why}")
    having = sum(node.has_image for node in nodes)
    if having == len(nodes):
        return Check(name, title, Status.OK, f"{image} is on {'the node' if having == 1 else f'all {having} nodes'}")
    silent = sum(not node.has_image and not node.lists_all_images for node in nodes)
    lacking = len(nodes) - having - silent
    if not lacking:
        told = f"{image} is not among the {_MOST_IMAGES} largest images, which are all that {_nodes(silent)} report"
        return Check(name, title, Status.UNKNOWN, told + ("s" if silent == 1 else ""))
    there = f"{lacking} of {_nodes(len(nodes))}" if having or silent else _nodes(lacking)
    pulls = "pulls it" if lacking == 1 else "pull it"
    return Check(name, title, Status.WARNING, f"{image} is missing on {there}, which {pulls} at the first start", other)


def _nodes(number: int) -> str:
    return "1 node" if number == 1 else f"{number} nodes"


def _several(values: Iterable[str]) -> str:
    """The distinct values, most frequent first; a few of them."""
    counted = Counter(values)
    if len(counted) == 1:
        return next(iter(counted))
    shown = [f"{value} ({number})" for value, number in counted.most_common(_SHOWN)]
    more = len(counted) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
