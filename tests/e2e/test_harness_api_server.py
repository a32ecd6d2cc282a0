"""The API server that other tests stop and start again does what they rely on, and so does what stands in for it."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from .apiserver import Proxied

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .apiserver import ApiServer
    from .cluster import Cluster


@pytest.fixture(params=["a server of its own", "a proxy"])
def server(
    request: pytest.FixtureRequest, api_server: ApiServer, cluster: Cluster, tmp_path: Path
) -> Iterator[ApiServer]:
    if request.param == "a server of its own":
        yield api_server
        return
    proxied = Proxied(cluster, tmp_path)
    try:
        proxied.start()
        yield proxied
    finally:
        proxied.stop()


@pytest.mark.parametrize("abruptly", [False, True], ids=["asked to end", "killed"])
def test_it_can_be_stopped_and_started_again(
    server: ApiServer, abruptly: bool, cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    kubeconfig = server.kubeconfig(tmp_path / "kubeconfig", cluster.credentials(), namespace)
    seen = replace(cluster, kubeconfig=kubeconfig)
    watch = [cluster.kubectl_program, "--kubeconfig", str(kubeconfig), "get", "configmaps", "--watch", "-o", "name"]
    with subprocess.Popen(watch, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as watching:
        assert watching.stdout
        assert watching.stdout.readline() == b"configmap/kube-root-ca.crt\n"

        server.stop(abruptly=abruptly)

        assert watching.stdout.read() == b""
    assert cluster.kubectl("get", "--raw=/readyz").stdout == "ok", "the others' way to the cluster is another"
    assert "refused" in seen.kubectl("get", "--raw=/readyz", check=False).stderr

    server.start()

    assert seen.kubectl("get", "--raw=/readyz").stdout == "ok"
    assert seen.get("configmap", "kube-root-ca.crt")["metadata"]["namespace"] == namespace
