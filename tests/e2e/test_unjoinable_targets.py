"""Targets that no debug container can join: why, and what to type."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.waiting import wait_until

from .pods import STATIC, Pod, app, pod_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .cluster import Cluster, Json
    from .conftest import MakeNamespace, MakePod
    from .program import Dshell, Result

NOT_FOUND = 66
AGE = r"\d+s ago"


def assert_refused(result: Result, *lines: str) -> None:
    """Exit code 66, nothing on stdout, and these lines (regular expressions) on stderr."""
    assert (result.code, result.stdout) == (NOT_FOUND, b"")
    said = result.stderr.splitlines()
    assert len(said) == len(lines), result.stderr
    for line, pattern in zip(said, lines, strict=True):
        assert re.fullmatch(pattern, line), line


def copied(pod: Pod, container: str = "") -> str:
    """The way in that needs no running container."""
    chosen = f" --container {container}" if container else ""
    command = f"kubectl dshell {pod.name}{chosen} -n {pod.namespace} --copy"
    return f"A shell in a copy of the pod, with its image and variables: {command}"


def test_a_misspelt_pod_brings_the_nearest_name(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(name="checkout-6d4f", wait=False)

    refused = dshell("chekout", "--", "true")

    assert_refused(refused, f'error: no pod "chekout" in namespace {pod.namespace}; did you mean checkout-6d4f\\?')


def test_a_pod_unlike_any_other_brings_the_way_to_list_them(namespace: str, dshell: Dshell) -> None:
    refused = dshell("zzzzzz", "--", "true")

    assert_refused(
        refused,
        f'error: no pod "zzzzzz" in namespace {namespace}',
        rf"List them with: kubectl get pods -n {namespace} \(another namespace: -n\)",
    )


def test_a_namespace_that_does_not_exist_has_no_pods(dshell: Dshell) -> None:
    refused = dshell("web", "-n", "no-such-namespace", "--", "true")

    assert_refused(
        refused,
        'error: no pod "web" in namespace no-such-namespace',
        r"List them with: kubectl get pods -n no-such-namespace \(another namespace: -n\)",
    )


def test_an_init_container_that_hangs_is_entered_while_the_app_waits_for_it(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(app(), initContainers=[app(name="setup")], wait=False)
    wait_until(lambda: "running" in pod.status("setup").get("state", {}), 60, "the init container")

    assert_refused(
        dshell(pod.name, "--", "true"),
        rf"error: container app of {pod.name} is not running: it is waiting \(PodInitializing\). "
        "A debug container can only join a running one.",
        f"Enter its running init container: kubectl dshell {pod.name} --container setup -n {pod.namespace}",
    )
    entered = dshell(pod.name, "-c", "setup", "--", "cat", "app/secret.txt")
    assert (entered.stdout, entered.code) == (b"only the app reads this\n", 0), entered.stderr


@pytest.mark.nodes
def test_containers_that_cannot_be_joined_are_named_with_those_that_can(make_pod: MakePod, dshell: Dshell) -> None:
    setup = app(STATIC, "-exit-after=1ms", name="setup")
    pod = make_pod(app(), app(STATIC, "-port=", name="proxy"), initContainers=[setup])
    assert dshell(pod.name, "--keep", "1m", "--", "true").code == 0
    (debug,) = pod.debug_containers()

    assert_refused(
        dshell(pod.name, "-c", "porxy", "--", "true"),
        f'error: pod {pod.name} has no container "porxy"; available: app, proxy',
    )
    assert_refused(
        dshell(pod.name, "-c", "setup", "--", "true"),
        f"error: init container setup of {pod.name} is not running, so it cannot be joined",
        "Available containers: app, proxy",
        copied(pod, "setup"),
    )
    assert_refused(
        dshell(pod.name, "-c", debug, "--", "true"),
        f"error: {debug} is a debug container of {pod.name}; choose one of the app's containers",
        "Available containers: app, proxy",
    )


@pytest.mark.nodes
def test_a_container_that_has_ended_is_named_with_its_exit_code(make_pod: MakePod, dshell: Dshell) -> None:
    ended = app(STATIC, "-exit-code=3", "-exit-after=1ms")
    pod = make_pod(ended, app(STATIC, "-port=", name="other"), wait=False, restartPolicy="Never")
    wait_until(lambda: "terminated" in pod.status().get("state", {}), 30, "the app's end")

    assert_refused(
        dshell(pod.name, "-c", "app", "--", "true"),
        rf"error: container app of {pod.name} is not running: it exited with code 3 \(Error\) {AGE}\. "
        r"A debug container can only join a running one\.",
        f"Its logs: kubectl logs {pod.name} -n {pod.namespace} -c app",
        copied(pod, "app"),
    )


def test_a_crash_loop_is_named_with_its_last_end(cluster: Cluster, make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(app(STATIC, "-exit-code=9", "-exit-after=1ms"), wait=False)

    def backs_off() -> bool:
        """The kubelet says so when it looks at the pod again: each change makes it look."""
        cluster.kubectl("annotate", "pod", pod.name, "-n", pod.namespace, f"look={time.monotonic_ns()}", "--overwrite")
        return _at(pod.status(), "state", "waiting", "reason") == "CrashLoopBackOff"

    wait_until(backs_off, 60, "a crash loop")

    assert_refused(
        dshell(pod.name, "--", "true"),
        rf"error: container app of {pod.name} is not running: it is waiting \(CrashLoopBackOff\); "
        rf"it last exited with code 9 \(Error\) {AGE}\. A debug container can only join a running one\.",
        f"Its logs: kubectl logs {pod.name} -n {pod.namespace} -c app --previous",
        copied(pod),
    )


def _at(value: Json, *path: str) -> object:
    """The value at this path, {} if there is none."""
    found: object = value
    for name in path:
        found = found.get(name, {}) if isinstance(found, dict) else {}
    return found


def test_a_container_that_cannot_start_is_named_with_the_reason(make_pod: MakePod, dshell: Dshell) -> None:
    never = {**app("dshell.test/none:1"), "imagePullPolicy": "Never"}
    pod = make_pod(never, wait=False)
    wait_until(lambda: _at(pod.status(), "state", "waiting", "reason") == "ErrImageNeverPull", 60, "the image's lack")

    assert_refused(
        dshell(pod.name, "--", "true"),
        rf"error: container app of {pod.name} is not running: it is waiting \(ErrImageNeverPull\): Container image "
        r'"dshell\.test/none:1" is not present with pull policy of Never\. A debug container can only join a running one\.',
        f"See why it is waiting: kubectl describe pod {pod.name} -n {pod.namespace}",
    )


@pytest.mark.parametrize(("code", "phase"), [(0, "Succeeded"), (1, "Failed")], ids=["Succeeded", "Failed"])
def test_a_pod_that_is_over_is_refused(make_pod: MakePod, dshell: Dshell, code: int, phase: str) -> None:
    pod = make_pod(app(STATIC, f"-exit-code={code}", "-exit-after=1ms"), wait=False, restartPolicy="Never")
    wait_until(lambda: pod.json()["status"]["phase"] == phase, 30, phase)

    assert_refused(
        dshell(pod.name, "--", "true"),
        rf"error: pod {pod.name} has terminated \(phase {phase}\): a debug container can only join a running pod",
        f"Its logs: kubectl logs {pod.name} -n {pod.namespace}",
        copied(pod),
    )


def test_a_pod_of_windows_is_refused(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(wait=False, os={"name": "windows"}, nodeSelector={"kubernetes.io/os": "windows"})

    assert_refused(
        dshell(pod.name, "--", "true"),
        f"error: pod {pod.name} runs on Windows; dshell supports Linux containers only",
    )


def test_a_pod_that_is_not_scheduled_is_refused_with_the_scheduler_s_reason(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(wait=False, nodeSelector={"no": "such-node"})
    wait_until(lambda: pod.json()["status"].get("conditions"), 30, "the scheduler's word")

    assert_refused(
        dshell(pod.name, "--", "true"),
        rf"error: container app of {pod.name} is not running: the pod is Pending \(.*node\(s\) didn't match .*\)\. "
        r"A debug container can only join a running one\.",
        f"See why it is waiting: kubectl describe pod {pod.name} -n {pod.namespace}",
    )


@pytest.fixture
def static_pod(cluster: Cluster) -> Iterator[Pod]:
    """One the cluster has, else one in the manifest folder of our own node's kubelet."""
    mirrors = [
        pod["metadata"]
        for pod in cluster.get("pods", "-A")["items"]
        if "kubernetes.io/config.mirror" in pod["metadata"].get("annotations", {})
    ]
    if mirrors:
        yield Pod(cluster, mirrors[0]["namespace"], mirrors[0]["name"])
        return
    folder = Path(json.loads((cluster.kubeconfig.parent / "kubelet.json").read_text())["staticPodPath"])
    manifest = folder / "dshell-test.json"
    manifest.write_text(json.dumps(pod_manifest("static", app(STATIC, "-port="))))
    node = cluster.get("nodes")["items"][0]["metadata"]["name"]
    pod = Pod(cluster, "default", f"static-{node}")
    try:
        wait_until(lambda: cluster.kubectl("get", "pod", pod.name, check=False).returncode == 0, 60, "a mirror pod")
        yield pod
    finally:
        manifest.unlink()


def test_a_static_pod_is_refused_with_another_way_in(static_pod: Pod, dshell: Dshell) -> None:
    node = static_pod.json()["spec"]["nodeName"]

    assert_refused(
        dshell(static_pod.name, "-n", static_pod.namespace, "--", "true"),
        f"error: {static_pod.name} is a static pod, and Kubernetes does not allow ephemeral containers in static pods",
        f"Debug its node instead: kubectl debug node/{node} -it --image=busybox --profile=sysadmin",
    )


def test_a_pod_of_a_namespace_that_is_being_deleted_is_refused(
    cluster: Cluster, make_namespace: MakeNamespace, make_pod: MakePod, dshell: Dshell
) -> None:
    """Its app takes its whole grace period to end, so it is still running."""
    deaf = {**app("busybox:1.37"), "command": ["sleep", "1000"]}
    pod = make_pod(deaf, namespace=make_namespace(), terminationGracePeriodSeconds=60)
    cluster.kubectl("delete", "namespace", pod.namespace, "--wait=false")
    wait_until(lambda: "deletionTimestamp" in pod.json()["metadata"], 30, "the pod's deletion")

    refused = dshell(pod.name, "-n", pod.namespace, "--", "true")

    assert_refused(refused, f"error: pod {pod.name} is being deleted: no new debug container can start in it")
    assert pod.debug_containers() == {}
    cluster.kubectl("delete", "pod", pod.name, "-n", pod.namespace, "--force", "--grace-period=0", check=False)
