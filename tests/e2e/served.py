"""What a test needs of the API that not every version of Kubernetes serves, by the marker `needs_api`."""

from __future__ import annotations

import json
import os
from pathlib import Path

from .cluster import Cluster

UNSERVED = "DSHELL_E2E_UNSERVED"
"""Set before the workers start, so that all of them collect the same tests."""
KINDS = {"MutatingAdmissionPolicy": "/apis/admissionregistration.k8s.io/v1"}
"""The API of each kind that a test may need."""


def unserved() -> list[str]:
    """Those of KINDS that the cluster under test does not serve; AssertionError if it does not say."""
    cluster = Cluster(Path(os.environ["DSHELL_E2E_KUBECONFIG"]), os.environ.get("DSHELL_E2E_KUBECTL", "kubectl"))
    return [kind for kind, path in KINDS.items() if kind not in _served(cluster, path)]


def _served(cluster: Cluster, path: str) -> set[str]:
    return {resource["kind"] for resource in json.loads(cluster.kubectl("get", "--raw", path).stdout)["resources"]}
