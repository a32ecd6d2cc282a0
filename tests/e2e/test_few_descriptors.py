"""A shell whose limit of file descriptors is low: fewer pods at a time, and nothing fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .pods import app, pod_manifest

if TYPE_CHECKING:
    from .cluster import Cluster
    from .program import Dshell

PODS = 12


def test_twelve_pods_with_48_descriptors(cluster: Cluster, namespace: str, dshell: Dshell) -> None:
    names = [f"few-{number}" for number in range(PODS)]
    labels = {"metadata": {"labels": {"few": "descriptors"}}}
    cluster.apply(*(pod_manifest(name, app(), metadata=labels["metadata"]) for name in names), namespace=namespace)
    cluster.kubectl(
        "wait", "pods", "-l", "few=descriptors", "-n", namespace, "--for=condition=Ready", "--timeout=90s", timeout=100
    )

    few = dshell.in_shell('ulimit -n 48; exec "$@"', "-l", "few=descriptors", "--", "echo", "here", timeout=300)
    none = dshell.in_shell('ulimit -n 7; exec "$@"', "few-0", "--", "true")

    assert few.code == 0, few.stderr
    assert sorted(few.stdout.splitlines()) == sorted(f"{name} app | here".encode() for name in names)
    assert none.code == 69, none.stderr
    assert none.stderr.startswith("error: too many open files: this process has reached its limit (ulimit -n)")
    cluster.kubectl("delete", "pods", "-l", "few=descriptors", "-n", namespace, "--wait=false")
