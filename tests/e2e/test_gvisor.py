"""A pod in gVisor: what is seen from beside its app, and what a session says that cannot begin there."""

from __future__ import annotations

import os
import re
import shlex
from typing import TYPE_CHECKING

import pytest

from .pods import app

if TYPE_CHECKING:
    from .cluster import Cluster
    from .conftest import MakePod
    from .program import Dshell

SECRET = "only the app reads this"
LOOK = r"""
for process in /proc/[0-9]*; do
	[ "$process" = "/proc/$$" ] || echo "$(head -n 1 $process/cgroup) $(cat $process/root/app/secret.txt)"
done
"""

pytestmark = [pytest.mark.gvisor, pytest.mark.nodes]


@pytest.fixture(scope="module")
def gvisor(cluster: Cluster) -> str:
    """The name of a RuntimeClass."""
    handler = os.environ["DSHELL_E2E_GVISOR"]
    manifest = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "gvisor"}}
    cluster.apply({**manifest, "handler": handler})
    return "gvisor"


def test_a_session_that_cannot_begin_says_why_and_the_command_that_it_names_shows_the_app_s_files(
    cluster: Cluster, make_pod: MakePod, dshell: Dshell, gvisor: str
) -> None:
    pod = make_pod(app(), app(name="other"), runtimeClassName=gvisor)

    refused = dshell(pod.name, "--container", "app", "--", "id", timeout=30)

    assert (refused.code, refused.stdout) == (69, b"")
    why, way = refused.stderr.splitlines()[-2:]
    assert re.fullmatch(
        r"error: the debug container dshell-[a-z0-9]+ ended .*: by the name of its runtime class \(gvisor\), "
        "gVisor lets no process write to another one's standard input, through which a session begins",
        why,
    )
    assert len(pod.debug_containers()) == 1
    words = shlex.split(way.partition(" in /proc/PID/root: ")[2])
    assert words[:3] == ["kubectl", "debug", "-it"]
    cluster.kubectl("debug", *words[3:], "-c", "look", "--attach=false", "--", "sh", "-c", LOOK)
    pod.wait_terminated("look", timeout=60)
    seen = [line for line in pod.log("look").splitlines() if SECRET in line]
    assert sorted(line.partition(" ")[0].rpartition("/")[2] for line in seen) == sorted(
        [pod.container_id("app"), pod.container_id("other")]
    )
