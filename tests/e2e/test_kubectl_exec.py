"""The tables of docs/kubectl-exec.md: each situation with kubectl exec and with kubectl dshell, as the page says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .exec_situations import SITUATIONS, Bench
from .exec_table import rows
from .pods import Pod, app, pod_manifest

if TYPE_CHECKING:
    from .cluster import Cluster
    from .program import Dshell

ROWS = rows()


@pytest.fixture(scope="module")
def pods(cluster: Cluster, namespace: str) -> dict[bool, Pod]:
    """For ours, and for kubectl exec: the same two containers, of which each has its own first."""
    tools = {**app("busybox:1.37", name="tools"), "args": ["sleep", "100000"]}
    made = {}
    for ours, containers in ((True, (app(), tools)), (False, (tools, app()))):
        made[ours] = Pod(cluster, namespace, "web" if ours else "shells")
        cluster.apply(pod_manifest(made[ours].name, *containers), namespace=namespace)
    for pod in made.values():
        pod.wait_ready()
    return made


@pytest.mark.parametrize("program", ["kubectl", "dshell"])
@pytest.mark.parametrize("situation", list(ROWS))
def test_a_situation_is_as_documented(
    pods: dict[bool, Pod], dshell: Dshell, tmp_path: Path, situation: str, program: str
) -> None:
    ours = program == "dshell"

    outcome = SITUATIONS[situation](Bench(ours, dshell, pods[ours], tmp_path))

    documented = ROWS[situation].dshell if ours else ROWS[situation].kubectl
    assert documented.agrees_with(outcome), (documented, outcome)
