"""A registry on the node itself: the one place from which every runtime pulls without TLS (containerd: MatchLocalhost).

It runs in a pod in the node's network. It has a private repository, and an image for an architecture that no node has. One without
an index would be pulled: containerd compares the platforms of an index alone.
"""

from __future__ import annotations

import inspect
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.waiting import wait_until

from . import registry_program
from .pods import PYTHON, Pod, app, pod_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .cluster import Cluster


@contextmanager
def local_registry(cluster: Cluster, namespace: str) -> Iterator[str]:
    """Yields its address: PRIVATE is below it, and FOREIGN (registry_program.py)."""
    pod = Pod(cluster, namespace, "registry")
    command = ["/usr/bin/python3.11", "-c", inspect.getsource(registry_program)]
    cluster.apply(pod_manifest(pod.name, app(PYTHON, command=command), hostNetwork=True), namespace=namespace)
    try:
        pod.wait_ready()
        log = ("logs", pod.name, "-n", namespace)
        ports = wait_until(
            lambda: re.findall(r"port (\d+)\n", cluster.kubectl(*log).stdout), 30, "the registry's port in its log"
        )
        yield f"127.0.0.1:{ports[0]}"
    finally:
        pod.delete()
