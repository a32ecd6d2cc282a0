"""The first command of the README, as a script runs it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .cluster import Cluster

TOP = Path(__file__).parents[2]
MANIFESTS = TOP / "manifests/demo"
NAMESPACE = "dshell-demo"


def make(cluster: Cluster, goal: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """With a kubeconfig of the user's own that leads nowhere: it is not looked at."""
    own = tmp_path / "own"
    own.write_text("nobody reads this")
    env = {**os.environ, "KUBECONFIG": str(own), "DSHELL_E2E_KUBECONFIG": str(cluster.kubeconfig)}
    command = ["make", "--no-print-directory", goal]
    done = subprocess.run(
        command, cwd=TOP, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=200, check=False
    )
    assert own.read_text() == "nobody reads this"
    return done


@pytest.fixture
def _demo_as_before(cluster: Cluster) -> Iterator[None]:
    """The cluster may be the one on which somebody has the demo open."""
    was_there = cluster.kubectl("get", "namespace", NAMESPACE, check=False).returncode == 0
    yield
    if was_there:
        cluster.kubectl("apply", "-f", str(MANIFESTS))


@pytest.mark.usefixtures("_demo_as_before")
def test_the_demo_is_a_tour_without_a_terminal_and_goes_without_a_trace(cluster: Cluster, tmp_path: Path) -> None:
    before = set(cluster.kubectl("get", "namespaces", "-o", "name").stdout.split())

    up = make(cluster, "demo", tmp_path)

    assert up.returncode == 0, up.stderr
    shown = up.stdout
    assert "\n$ kubectl get pods\nNAME " in shown
    assert '\n$ kubectl dshell web -- cat etc/os-release\nPRETTY_NAME="distroless look-alike"\n' in shown
    assert "\n$ kubectl dshell web --quiet -- id\nuid=65532 gid=65532" in shown
    assert "app.py" in shown.partition("-- ls -l app\n")[2].partition("\n$ ")[0].split()
    assert "65532:65532" in shown.partition("\n$ kubectl dshell ls --all\n")[2]

    down = make(cluster, "demo-down", tmp_path)

    assert down.returncode == 0, down.stderr
    after = set(cluster.kubectl("get", "namespaces", "-o", "name").stdout.split())
    assert f"namespace/{NAMESPACE}" not in after
    assert not {name for name in after - before if "e2e-" not in name}
