"""A registry that takes every connection and never answers: a pull from it lasts as long as a test wants."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .cluster import Cluster


@contextmanager
def silent_registry(cluster: Cluster) -> Iterator[str]:
    """Yields an image of it, by the address under which the first node sees this machine."""
    addresses = cluster.get("nodes")["items"][0]["status"]["addresses"]
    node = next(one["address"] for one in addresses if one["type"] == "InternalIP")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((node, 9))  # sends nothing: only the way there is looked up
        ours = probe.getsockname()[0]
    with socket.create_server((ours, 0)) as listener:  # the kernel accepts; nobody reads
        yield f"{ours}:{listener.getsockname()[1]}/none:1"
