"""A pod of an image alone."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.domain.access.target import Target
from kubectl_dshell.domain.pod_copy.image_alone import image_alone, name_of
from tests.pods import make_pod, running

LEAST = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


@pytest.mark.parametrize(
    ("run_as", "user"),
    [
        (None, {}),
        ((7, None), {"runAsUser": 7, "runAsNonRoot": True}),
        ((7, 8), {"runAsUser": 7, "runAsGroup": 8, "runAsNonRoot": True}),
        ((0, 0), {"runAsUser": 0, "runAsGroup": 0}),
    ],
)
def test_alone_its_user_is_the_image_s_with_the_fewest_privileges(run_as: Any, user: Any) -> None:
    pod = image_alone("shop", "registry.example.com/tools/Jq:1.7", None, run_as)

    (container,) = pod.containers
    assert container.spec == {
        "name": "image",
        "image": "registry.example.com/tools/Jq:1.7",
        "securityContext": {**LEAST, **user},
    }
    assert (pod.namespace, pod.name, pod.node, pod.spec) == ("shop", "jq", "", {})


def test_like_a_pod_it_has_its_user_place_and_secrets_but_not_its_files() -> None:
    taken: Any = {"tolerations": [{"operator": "Exists"}], "imagePullSecrets": [{"name": "r"}], "hostUsers": False}
    left: Any = {"volumes": [{"name": "a", "emptyDir": {}}], "hostNetwork": True, "serviceAccountName": "web"}
    app = {"name": "app", "env": [{"name": "A", "value": "b"}], "securityContext": {"runAsNonRoot": True}}
    like = make_pod(spec={"containers": [app], **taken, **left}, statuses=[running(user=(101, 102))])

    pod = image_alone("other", "jq", Target(like, like.containers[0]), None)

    assert (pod.namespace, pod.node, pod.spec) == ("shop", "node-1", taken)
    assert pod.containers[0].spec == {
        "name": "image",
        "image": "jq",
        "securityContext": {"runAsNonRoot": True, "runAsUser": 101, "runAsGroup": 102},
    }


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("busybox", "busybox"),
        ("localhost:5000/a/My_Tool:v1", "my-tool"),
        ("x@sha256:" + "0" * 64, "x"),
        ("", "image"),
        ("///", "image"),
        ("\u0130\u00df", "i"),
        ("a\nb:c\nd", "a-b"),
    ],
)
def test_the_name_of_its_pod_is_the_image_s(image: str, name: str) -> None:
    assert name_of(image) == name
