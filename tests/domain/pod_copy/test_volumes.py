"""Which volumes a copy shares with its pod."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.domain.pod.pod import parse_pod
from kubectl_dshell.domain.pod_copy.volumes import CopiedVolumes, copied_volumes, tools_volume
from kubectl_dshell.errors import Malformed
from tests.pods import pod_json

Json = Any
TOKEN = {"serviceAccountToken": {"path": "token"}}
CA = {"configMap": {"name": "kube-root-ca.crt"}}


def copied(*volumes: Json, mounts: Json = None, service_account: bool = False, **container: Any) -> CopiedVolumes:
    mounts = [{"name": one["name"], "mountPath": f"/{one['name']}"} for one in volumes] if mounts is None else mounts
    spec = {"containers": [{"name": "app", "volumeMounts": mounts, **container}], "volumes": list(volumes)}
    pod = parse_pod(pod_json(spec=spec))
    return copied_volumes(pod, pod.containers[0], "dshell-x", service_account=service_account)


@pytest.mark.parametrize(
    "source",
    [
        {"configMap": {"name": "c"}},
        {"secret": {"secretName": "s"}},
        {"hostPath": {"path": "/var"}},
        {"nfs": {"server": "x", "path": "/"}},
        {"csi": {"driver": "x"}},
        {"image": {"reference": "models:1"}},
        {"projected": {"sources": [CA]}},
    ],
)
def test_most_are_shared_as_they_are(source: Json) -> None:
    volume = {"name": "a", **source}

    assert copied(volume) == CopiedVolumes((volume,), ({"name": "a", "mountPath": "/a"},), (), (), (), ())


def test_a_claim_is_named() -> None:
    assert copied({"name": "a", "persistentVolumeClaim": {"claimName": "data-0"}}).claims == ("data-0",)


def test_a_volume_of_the_pod_s_own_claim_is_that_claim() -> None:
    found = copied({"name": "a", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}})

    assert found.volumes == ({"name": "a", "persistentVolumeClaim": {"claimName": "web-a"}},)


def test_an_empty_directory_begins_empty() -> None:
    volume = {"name": "a", "emptyDir": {"medium": "Memory"}}

    assert copied(volume)[:4] == ((volume,), ({"name": "a", "mountPath": "/a"},), (), ("/a",))


def test_what_is_not_mounted_is_left_out() -> None:
    assert copied({"name": "a", "emptyDir": {}}, mounts=[]) == CopiedVolumes((), (), (), (), (), ())


def test_paths_within_volumes_and_devices_are_taken_over() -> None:
    mount = {"name": "a", "mountPath": "/a", "subPath": "x", "readOnly": True}
    device = {"name": "b", "devicePath": "/dev/b"}
    volumes = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in "ab"]

    found = copied(*volumes, mounts=[mount], volumeDevices=[device])

    assert (found.mounts, found.devices, found.claims) == ((mount,), (device,), ("a", "b"))


@pytest.mark.parametrize(
    ("volume", "kept", "with_account"),
    [
        ({"name": "kube-api-access-x", "projected": {"sources": [TOKEN, CA]}}, None, None),
        ({"name": "a", "projected": {"sources": [TOKEN]}}, None, {"sources": [TOKEN]}),
        ({"name": "a", "projected": {"sources": [TOKEN, CA]}}, {"sources": [CA]}, {"sources": [TOKEN, CA]}),
    ],
)
def test_tokens_are_left_out_unless_the_account_is_the_same(volume: Json, kept: Json, with_account: Json) -> None:
    name = volume["name"]
    for wanted, service_account in ((kept, False), (with_account, True)):
        found = copied(volume, service_account=service_account)

        assert found.volumes == (({"name": name, "projected": wanted},) if wanted else ())
        assert found.tokens == (() if wanted else (f"/{name}",))


def test_sizes_that_a_volume_tells_are_those_of_the_copy() -> None:
    def volume(container: str) -> Json:
        ref = {"containerName": container, "resource": "limits.cpu"}
        return {"name": "a", "downwardAPI": {"items": [{"path": "cpu", "resourceFieldRef": ref}]}}

    assert copied(volume("app")).volumes == (volume("dshell-x"),)


def test_the_tools_of_a_copy_are_not_copied() -> None:
    assert copied(tools_volume("busybox:1.37", "Always")).volumes == ()
    assert copied({"name": "a", "emptyDir": {}}, mounts=[{"name": "a", "mountPath": "/.dshell/"}]).volumes == ()


@pytest.mark.parametrize(
    "volume",
    [{"name": "../x"}, {"name": "a", "projected": []}, {"name": "a", "projected": {"sources": [7]}}, {"name": 7}],
)
def test_malformed_ones_are_refused(volume: Json) -> None:
    with pytest.raises(Malformed):
        copied(volume, mounts=[{"name": "a", "mountPath": "/a"}])


def test_a_volume_of_endless_depth_is_refused() -> None:
    deep: Json = {}
    for _ in range(40):
        deep = {"x": deep}

    with pytest.raises(Malformed, match="more than 16 levels"):
        copied({"name": "a", "csi": deep})
