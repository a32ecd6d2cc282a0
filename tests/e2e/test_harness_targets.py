"""The targets of the other tests are what they claim to be, seen from the node."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.waiting import wait_until

from .pods import (
    DEBUG_BASH,
    DEBUG_DASH,
    DEBUG_DASH_BASH,
    DEBUG_NOSHELL,
    PYTHON,
    RESTRICTED,
    STATIC,
    STATIC_FILECAPS,
    STATIC_NAMED,
    STATIC_ROOT,
    STATIC_SCRATCH,
    Pod,
    app,
)
from .processes import Process, app_state, processes_of

if TYPE_CHECKING:
    from .cluster import Cluster, Json
    from .conftest import MakeNamespace, MakePod

DEMO = Path(__file__).parents[2] / "manifests/demo/demo.yaml"
NO_CAPABILITIES = "0000000000000000"
NET_BIND_SERVICE = "0000000000000400"
CONTAINERD_DEFAULT = "00000000a80425fb"


def identity(process: Process) -> str:
    """Such as "65532:65532 0000000000000400 dumpable"."""
    status = process.status()
    uids, gids = status["Uid"].split(), status["Gid"].split()
    assert len(set(uids)) == 1
    assert len(set(gids)) == 1
    dumpable = Path(f"/proc/{process.pid}/environ").stat().st_uid == int(uids[0])
    return f"{uids[0]}:{gids[0]} {status['CapPrm']}" + (" dumpable" if dumpable else "")


@pytest.mark.parametrize(
    ("container", "reported", "true"),
    [
        pytest.param(app(), (65532, 65532), f"65532:65532 {NO_CAPABILITIES} dumpable", id="numeric USER, in passwd"),
        pytest.param(app(STATIC_NAMED), (65532, 65532), f"65532:65532 {NO_CAPABILITIES} dumpable", id="USER by name"),
        pytest.param(app(STATIC_SCRATCH), (65532, 0), f"65532:0 {NO_CAPABILITIES} dumpable", id="no passwd"),
        pytest.param(app(PYTHON), (65532, 65532), f"65532:65532 {NO_CAPABILITIES} dumpable", id="Python"),
        pytest.param(
            app(STATIC_FILECAPS), (65532, 65532), f"65532:65532 {NET_BIND_SERVICE} dumpable", id="file capabilities"
        ),
        pytest.param(app(STATIC, "undumpable"), (65532, 65532), f"65532:65532 {NO_CAPABILITIES}", id="not dumpable"),
        pytest.param(app(STATIC_ROOT), (0, 0), f"0:0 {CONTAINERD_DEFAULT} dumpable", id="root"),
        pytest.param(
            app(STATIC_ROOT, "step-down"), (0, 0), f"101:101 {NO_CAPABILITIES} dumpable", id="steps down, then exec"
        ),
        pytest.param(app(STATIC_ROOT, "setuid"), (0, 0), f"101:101 {NO_CAPABILITIES}", id="setuid without exec"),
    ],
)
def test_an_app_runs_as_its_image_says(make_pod: MakePod, container: Json, reported: Any, true: str) -> None:
    pod = make_pod(container)
    pod.wait_log("serving as")

    state = app_state(pod)

    (process,) = processes_of(state.container_id)
    assert identity(process) == true
    user = pod.status().get("user", {}).get("linux", {})
    assert (user["uid"], user["gid"]) == reported
    assert state.zombies == ()


def test_nginx_style_has_a_root_master_and_a_worker_of_another_user(make_pod: MakePod) -> None:
    pod = make_pod(app(STATIC_ROOT, "nginx"))
    pod.wait_log("serving as 101:101")

    master, worker = processes_of(app_state(pod).container_id)

    assert identity(master) == f"0:0 {CONTAINERD_DEFAULT} dumpable"
    assert identity(worker) == f"101:101 {NO_CAPABILITIES}"
    assert worker.ppid == master.pid


def test_the_app_does_not_reap_what_falls_to_it(make_pod: MakePod) -> None:
    """Otherwise no test could see a zombie left behind."""
    pod = make_pod(app(STATIC, "-orphan"))
    pod.wait_log("serving as")

    wait_until(lambda: len(app_state(pod).zombies) > 1, 10, "a child and an orphan as zombies")

    state = app_state(pod)
    assert {zombie.ppid for zombie in state.zombies} == {state.pid}


def test_an_app_prints_the_signals_that_reach_it(make_pod: MakePod) -> None:
    pod = make_pod(app(STATIC, "-signals"))
    pod.wait_log("serving as")

    os.kill(app_state(pod).pid, signal.SIGWINCH)

    pod.wait_log("signal: window changed\n")


def test_an_app_ends_as_it_is_told(make_pod: MakePod) -> None:
    pod = make_pod(app(STATIC, "-exit-code=3", "-exit-after=1ms"), wait=False, restartPolicy="Never")

    state = wait_until(lambda: pod.status().get("state", {}).get("terminated"), 30, "the app's end")

    assert state["exitCode"] == 3


def test_an_app_can_be_ended_through_a_file(make_pod: MakePod) -> None:
    volume = {"name": "shared", "emptyDir": {}}
    mount = [{"name": "shared", "mountPath": "/shared"}]
    watcher = app(STATIC, "-exit-code=7", "-exit-file=/shared/end", volumeMounts=mount)
    writer = app(STATIC, "-port=", "-fill=/shared/end=1", name="writer", volumeMounts=mount)
    pod = make_pod(watcher, writer, wait=False, volumes=[volume], restartPolicy="Never")

    state = wait_until(lambda: pod.status().get("state", {}).get("terminated"), 30, "the app's end")

    assert state["exitCode"] == 7


def test_an_app_fills_a_file_of_any_size_with_the_same_bytes(make_pod: MakePod) -> None:
    pods = [make_pod(app(STATIC, "-fill=/tmp/big=3000000")) for _ in range(2)]
    for pod in pods:
        pod.wait_log("serving as")

    first, second = (Path(f"/proc/{app_state(pod).pid}/root/tmp/big").read_bytes() for pod in pods)

    assert len(first) == 3_000_000
    assert first == second


@pytest.mark.parametrize(
    ("image", "script", "printed"),
    [
        pytest.param(DEBUG_BASH, 'echo "${BASH_VERSION:+bash}" $(ls /bin/sleep)', "bash /bin/sleep", id="bash as sh"),
        pytest.param(DEBUG_DASH_BASH, "bash -c 'echo ${BASH_VERSION:+bash} $0'", "bash bash", id="bash beside dash"),
        pytest.param(DEBUG_DASH_BASH, "read -t 1 word || echo not $?", "not 2", id="dash as sh"),
        pytest.param(DEBUG_DASH, "command -v bash ash || echo neither", "neither", id="dash alone"),
        pytest.param("busybox:1.37", "readlink -f /bin/sh", "/bin/busybox", id="busybox"),
    ],
)
def test_a_debug_image_has_the_shell_it_is_named_for(make_pod: MakePod, image: str, script: str, printed: str) -> None:
    shell = {**app(image), "command": ["sh", "-c", f"{script}; sleep 1000"]}
    pod = make_pod(shell)

    pod.wait_log(f"{printed}\n")


@pytest.mark.parametrize("image", [STATIC, PYTHON, DEBUG_NOSHELL])
def test_a_distroless_image_has_no_shell(make_pod: MakePod, image: str) -> None:
    pod = make_pod(app(image))
    root = Path(f"/proc/{app_state(pod).pid}/root")

    assert [path for path in ("bin/sh", "bin/bash", "usr/bin/sh", "bin/busybox") if (root / path).exists()] == []


def test_only_the_app_may_read_its_secret(make_pod: MakePod) -> None:
    pod = make_pod()
    secret = Path(f"/proc/{app_state(pod).pid}/root/app/secret.txt").stat()

    assert (secret.st_uid, secret.st_gid, secret.st_mode & 0o777) == (65532, 65532, 0o600)


def test_a_namespace_enforces_its_pod_security_level(
    cluster: Cluster, make_namespace: MakeNamespace, make_pod: MakePod
) -> None:
    restricted = make_namespace("restricted")

    refused = cluster.kubectl("run", "p", f"--image={STATIC}", "-n", restricted, check=False)
    pod = make_pod(app(securityContext=RESTRICTED), namespace=restricted)

    assert 'violates PodSecurity "restricted:latest"' in refused.stderr
    assert pod.json()["status"]["phase"] == "Running"


def test_the_demo_pods_run_under_pod_security_restricted(cluster: Cluster, make_namespace: MakeNamespace) -> None:
    """In a namespace of this test's: the demo itself may be running on the same cluster."""
    its_namespace, *demo = yaml.safe_load_all(DEMO.read_text())
    namespace = make_namespace("restricted")
    manifests = [{**pod, "metadata": {**pod["metadata"], "namespace": namespace}} for pod in demo]

    cluster.apply(*manifests, namespace=namespace)

    assert its_namespace["metadata"]["labels"] == {"pod-security.kubernetes.io/enforce": "restricted"}
    for manifest in manifests:
        Pod(cluster, namespace, manifest["metadata"]["name"]).wait_ready()
