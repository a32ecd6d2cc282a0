"""What a debug container of the app's image takes over from the app's container."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.domain.app_image.app import AppParts, app_parts
from kubectl_dshell.errors import Malformed
from tests.pods import Json, make_pod, running

DIGEST = "sha256:" + "0123456789abcdef" * 4
OTHER_DIGEST = "sha256:" + "f" * 64
TOKEN: Json = {
    "name": "kube-api-access",
    "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
    "readOnly": True,
}


def parts(image_id: str = "", **spec: Any) -> AppParts:
    """Of an app with `spec`, which runs `image_id`."""
    container = {"name": "app", "image": "shop/web:1", **spec}
    pod = make_pod(spec={"containers": [container]}, statuses=[running() | {"imageID": image_id}])
    return app_parts(pod.containers[0])


def test_a_container_of_an_image_alone() -> None:
    assert parts() == AppParts("shop/web:1", (), "", ())


def test_volumes_and_the_working_directory_are_taken_over() -> None:
    data: Json = {"name": "data", "mountPath": "/data", "recursiveReadOnly": "IfPossible", "readOnly": True}
    later: Json = {"name": "later", "mountPath": "/later", "fieldOfALaterVersion": {"a": 1}}

    found = parts(workingDir="/srv", volumeMounts=[TOKEN, data, later])

    assert found.mounts == (TOKEN, data, {"name": "later", "mountPath": "/later"})
    assert (found.working_dir, found.left_out) == ("/srv", ())


def test_what_an_ephemeral_container_may_not_have_is_left_out_and_told() -> None:
    found = parts(
        volumeMounts=[
            {"name": "conf", "mountPath": "/etc/app.yaml", "subPath": "app.yaml"},
            TOKEN,
            {"name": "logs", "mountPath": "/log", "subPathExpr": "$(POD)"},
            {"name": "whole", "mountPath": "/whole", "subPath": "", "subPathExpr": ""},
        ],
        volumeDevices=[{"name": "disk", "devicePath": "/dev/xvda"}],
    )

    assert found.mounts == (TOKEN, {"name": "whole", "mountPath": "/whole"})
    assert found.left_out == ("/etc/app.yaml", "/log", "/dev/xvda")


@pytest.mark.parametrize(
    ("of_the_app", "ours"),
    [("Bidirectional", "HostToContainer"), ("HostToContainer", "HostToContainer"), ("None", "None")],
)
def test_a_mount_does_not_propagate_back(of_the_app: str, ours: str) -> None:
    """Only a privileged container may have that."""
    mount = {"name": "csi", "mountPath": "/csi", "mountPropagation": of_the_app}

    assert parts(volumeMounts=[mount]).mounts == (mount | {"mountPropagation": ours},)


@pytest.mark.parametrize(
    ("image", "image_id", "by_digest"),
    [
        pytest.param("shop/web:1", f"docker.io/shop/web@{DIGEST}", f"shop/web@{DIGEST}", id="a tag"),
        pytest.param("shop/web", f"docker.io/shop/web@{DIGEST}", f"shop/web@{DIGEST}", id="no tag"),
        pytest.param("nginx", f"docker.io/library/nginx@{DIGEST}", f"nginx@{DIGEST}", id="a name alone"),
        pytest.param("nginx:1.27", f"docker.io/library/nginx@{DIGEST}", f"nginx@{DIGEST}", id="a name and a tag"),
        pytest.param("library/nginx", f"nginx@{DIGEST}", f"library/nginx@{DIGEST}", id="docker.io's own folder"),
        pytest.param(
            "index.docker.io/nginx:1", f"docker.io/library/nginx@{DIGEST}", f"index.docker.io/nginx@{DIGEST}",
            id="docker.io's other name",
        ),
        pytest.param(
            "nginx:1", f"docker-pullable://nginx@{DIGEST}", f"nginx@{DIGEST}", id="as cri-dockerd reports it"
        ),
        pytest.param(
            "localhost:5000/web:1", f"localhost:5000/web@{DIGEST}", f"localhost:5000/web@{DIGEST}", id="a port"
        ),
        pytest.param(
            "registry:5000/a/b", f"registry:5000/a/b@{DIGEST}", f"registry:5000/a/b@{DIGEST}", id="a port and no tag"
        ),
        pytest.param("localhost/web", f"localhost/web@{DIGEST}", f"localhost/web@{DIGEST}", id="a host without a dot"),
        pytest.param(f"shop/web@{DIGEST}", f"docker.io/shop/web@{DIGEST}", f"shop/web@{DIGEST}", id="a digest"),
        pytest.param(
            f"shop/web:1@{DIGEST}", f"docker.io/shop/web@{DIGEST}", f"shop/web:1@{DIGEST}", id="a tag and a digest"
        ),
    ],
)  # fmt: skip
def test_the_image_is_named_by_what_runs(image: str, image_id: str, by_digest: str) -> None:
    assert parts(image_id, image=image).image == by_digest


@pytest.mark.parametrize(
    ("image", "image_id"),
    [
        pytest.param("shop/web:1", "", id="not reported"),
        pytest.param("shop/web:1", DIGEST, id="of no repository, as of an image that was imported"),
        pytest.param("shop/web:1", f"docker.io/shop/other@{DIGEST}", id="of another repository"),
        pytest.param("shop/web:1", f"mirror.example/shop/web@{DIGEST}", id="of another registry"),
        pytest.param("registry:5000/web:1", f"registry/web@{DIGEST}", id="of another port"),
        pytest.param("nginx", f"docker.io/nginxinc/nginx@{DIGEST}", id="of another folder"),
        pytest.param("shop/web:1", "docker.io/shop/web@sha512:" + "0" * 128, id="of another form"),
        pytest.param("shop/web:1", f"docker.io/shop/web@{DIGEST}0", id="too long"),
        pytest.param("shop/web:1", "docker.io/shop/web@" + DIGEST.upper(), id="capitals"),
        pytest.param("shop/web:1", "docker.io/shop/web:1", id="a tag"),
        pytest.param("shop/web:1", f"docker.io/shop/web@{DIGEST} --privileged", id="more words"),
        pytest.param("shop/web:1", f"docker.io/shop/web@{OTHER_DIGEST}@{DIGEST}", id="two digests"),
        pytest.param("", f"@{DIGEST}", id="no image at all"),
    ],
)
def test_it_is_named_as_the_app_s_is_where_that_is_not_known(image: str, image_id: str) -> None:
    assert parts(image_id, image=image).image == image


@pytest.mark.parametrize(
    "spec",
    [
        {"volumeMounts": "data"},
        {"volumeMounts": {"name": "data"}},
        {"volumeMounts": ["data"]},
        {"volumeMounts": [{"name": 1, "mountPath": "/data"}]},
        {"volumeMounts": [{"name": "x" * 300, "mountPath": "/data"}]},
        {"volumeMounts": [{"name": "data", "mountPath": ["/data"]}]},
        {"volumeMounts": [{"name": "data", "mountPath": "/data", "readOnly": "yes"}]},
        {"volumeMounts": [{"name": "data", "mountPath": "/data", "recursiveReadOnly": True}]},
        {"volumeMounts": [{"name": "data", "mountPath": "/data", "mountPropagation": {}}]},
        {"volumeMounts": [{"name": "data", "mountPath": "/data", "subPath": 1}]},
        {"volumeMounts": [{"name": "data", "mountPath": "/data", "subPathExpr": []}]},
        {"volumeMounts": [{}] * 16385},
        {"volumeDevices": {"devicePath": "/dev/xvda"}},
        {"volumeDevices": [{"devicePath": 7}]},
        {"workingDir": 5},
    ],
    ids=str,
)
def test_fields_of_another_type_are_malformed(spec: Json) -> None:
    with pytest.raises(Malformed):
        parts(**spec)
