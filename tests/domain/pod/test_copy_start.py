"""Why a copy does not start; the messages are those of Kubernetes 1.36 with containerd 2.2."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.domain.pod.copy_start import tools_image
from kubectl_dshell.domain.pod.pod import Pod, parse_pod
from kubectl_dshell.domain.pod.start_failure import StartMonitor, describe
from kubectl_dshell.errors import Forbidden, NotFound, Unavailable
from tests.pods import Json, pod_json

ENTRY = {"name": "dshell-abcde", "image": "shop/web:1", "env": [{"name": "DSHELL_TOOLS", "value": "/.dshell"}]}
TOOLS = [{"name": "dshell-tools", "image": {"reference": "tools:1"}}]
PULL = {"reason": "Failed", "message": 'Failed to pull image "tools:1": not found'}
MOUNT = 'MountVolume.SetUp failed for volume "a" : secret "none" not found'


def copy(state: Json | None = None, *, phase: str = "Pending", node: str = "node-1", volumes: Any = TOOLS) -> Pod:
    spec = {"containers": [ENTRY], "volumes": volumes, "nodeName": node}
    statuses = [{"name": "dshell-abcde", "state": state}] if state else []
    return parse_pod(pod_json(spec=spec, statuses=statuses, phase=phase))


def waiting(reason: str, message: str = "") -> Json:
    return {"waiting": {"reason": reason, "message": message}}


def ended(message: str, code: int) -> Json:
    return {"terminated": {"reason": "StartError", "message": message, "exitCode": code}}


@pytest.mark.parametrize(
    ("pod", "events", "kind", "said"),
    [
        pytest.param(
            copy(ended('exec: "/.dshell/bin/busybox": stat /.dshell/bin/busybox: no such file or directory', 128)),
            [],
            Unavailable,
            "the tools of tools:1 cannot be used in a copy: exec",
            id="no busybox",
        ),
        pytest.param(
            copy(ended("exec /.dshell/bin/busybox: no such file or directory", 255), phase="Failed"),
            [],
            Unavailable,
            "the tools of tools:1 cannot be used in a copy: exec",
            id="dynamically linked",
        ),
        pytest.param(
            copy(
                waiting(
                    "CreateContainerError",
                    "container create failed: executable file `/.dshell/bin/busybox` not found: No such file or directory\n",
                )
            ),
            [],
            Unavailable,
            "the tools of tools:1 cannot be used in a copy: executable file",
            id="no busybox, under CRI-O with crun",
        ),
        pytest.param(
            copy(ended("", 3), phase="Failed"),
            [],
            Unavailable,
            "the copy web exited immediately: StartError (exit code 3)",
            id="anything else",
        ),
        pytest.param(copy(phase="Failed"), [], NotFound, "pod web has terminated (phase Failed)", id="rejected"),
        pytest.param(
            copy()._replace(deleting=True), [], NotFound, "pod web is being deleted", id="deleted by somebody else"
        ),
        pytest.param(
            copy(waiting("ImagePullBackOff", 'Back-off pulling image "tools:1": not found')),
            [PULL],
            Unavailable,
            "the node cannot pull tools:1: not found",
            id="no tools",
        ),
        pytest.param(
            copy(waiting("ErrImagePull", 'failed to pull "shop/web:1": not found')),
            [PULL],
            Unavailable,
            "the node cannot pull shop/web:1: failed",
            id="no image",
        ),
        pytest.param(
            copy(waiting("ErrImageNeverPull", "x")),
            [],
            Unavailable,
            "the node cannot use an image of the copy, shop/web:1 or tools:1: x",
            id="never pulled",
        ),
        pytest.param(
            copy(waiting("CreateContainerConfigError", "container has runAsNonRoot and image will run as root")),
            [],
            Forbidden,
            "the pod requires runAsNonRoot, but its user is root or not a number",
            id="root",
        ),
        pytest.param(
            copy(waiting("CreateContainerConfigError", 'secret "nix" not found')),
            [],
            Unavailable,
            'the node cannot start the copy of the container: secret "nix" not found',
            id="no secret",
        ),
    ],
)
def test_what_is_final_ends_the_wait(pod: Pod, events: list[Json], kind: type[Exception], said: str) -> None:
    found = StartMonitor("dshell-abcde").judge(pod, events)

    assert type(found) is kind
    assert found.message.startswith(said)
    assert "stays listed" not in found.message


@pytest.mark.parametrize(
    ("pod", "events"),
    [
        (copy(), []),
        (copy({"running": {}}, phase="Running"), []),
        (copy(waiting("ContainerCreating")), [{"reason": "FailedMount", "message": MOUNT}]),
        (copy(waiting("ErrImagePull", "timeout")), []),
    ],
)
def test_what_may_pass_does_not(pod: Pod, events: list[Json]) -> None:
    assert StartMonitor("dshell-abcde").judge(pod, events) is None


@pytest.mark.parametrize(
    ("pod", "events", "said"),
    [
        (copy(waiting("ContainerCreating")), [{"reason": "FailedMount", "message": MOUNT}], f"FailedMount: {MOUNT}"),
        (copy(waiting("ContainerCreating")), [7, {"reason": 7}], "creating the debug container"),
        (copy(node=""), [], "waiting for the pod to be scheduled"),
        (
            copy(node="")._replace(conditions=({"type": "PodScheduled", "status": "False", "message": "0/1 nodes"},)),
            [],
            "0/1 nodes",
        ),
    ],
)
def test_what_it_waits_for_is_told(pod: Pod, events: list[Any], said: str) -> None:
    assert describe(pod, "dshell-abcde", events) == said


def test_a_pod_without_the_tools_has_no_image_for_them() -> None:
    assert tools_image(copy(volumes=[{"name": "a", "emptyDir": {}}])) == ""


@pytest.mark.parametrize(
    ("secrets", "has"),
    [
        ([{"name": "regcred"}], "imagePullSecrets (regcred), its own or its service account's"),
        ([], "no imagePullSecrets"),
    ],
)
def test_a_registry_that_wants_credentials_has_those_of_the_copy_named(secrets: list[Json], has: str) -> None:
    refused = copy(waiting("ImagePullBackOff", 'Back-off pulling image "shop/web:1": ErrImagePull: 403 Forbidden'))
    refused.spec["imagePullSecrets"] = secrets

    error = StartMonitor("dshell-abcde").judge(refused, [{**PULL, "message": "Failed to pull image: 403 Forbidden"}])

    assert isinstance(error, Unavailable)
    assert error.advice == (
        f"The registry wants credentials: the kubelet uses those of pod web, which has {has}, and the node's.",
    )
