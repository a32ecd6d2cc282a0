"""What a copy takes over from its pod, and what not."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.domain.pod.pod import parse_pod
from kubectl_dshell.domain.pod_copy.manifest import Wanted, copy_manifest, copy_name, has_tools
from kubectl_dshell.domain.pod_copy.volumes import copied_volumes
from kubectl_dshell.errors import Malformed
from tests.pods import pod_json

Json = Any
ENTRY: Json = {
    "name": "dshell-abcde",
    "image": "shop/web:1",
    "targetContainerName": "app",
    "env": [{"name": "DSHELL_TOOLS", "value": "/.dshell"}],
}


def manifest(
    container: Json | None = None, *, service_account: bool = False, node: str = "node-1", **spec: Any
) -> Json:
    fields = {"containers": [{"name": "app", "image": "shop/web:1", **(container or {})}], "nodeName": node, **spec}
    pod = parse_pod(pod_json(spec=fields))
    shared = copied_volumes(pod, pod.containers[0], ENTRY["name"], service_account=service_account)
    wanted = Wanted("web-dshell-abcde", "busybox:1.37", None, 3600, service_account)
    return copy_manifest(pod, pod.containers[0], ENTRY, shared, wanted)


def test_it_is_a_pod_of_its_own_that_ends_and_that_nothing_selects() -> None:
    assert manifest() == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "web-dshell-abcde",
            "namespace": "shop",
            "labels": {"app.kubernetes.io/managed-by": "kubectl-dshell"},
            "annotations": {"kubectl-dshell/copy-of": "web/app"},
        },
        "spec": {
            "affinity": {
                "nodeAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": {
                        "nodeSelectorTerms": [
                            {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-1"]}]}
                        ]
                    }
                }
            },
            "activeDeadlineSeconds": 3600,
            "automountServiceAccountToken": False,
            "containers": [
                {
                    "name": "dshell-abcde",
                    "image": "shop/web:1",
                    "env": ENTRY["env"],
                    "volumeMounts": [{"name": "dshell-tools", "mountPath": "/.dshell", "readOnly": True}],
                }
            ],
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 5,
            "volumes": [{"name": "dshell-tools", "image": {"reference": "busybox:1.37"}}],
        },
    }


def test_what_files_user_network_and_place_depend_on_is_taken_over() -> None:
    taken: Json = {
        "dnsConfig": {"searches": ["x"]},
        "dnsPolicy": "None",
        "enableServiceLinks": False,
        "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["db"]}],
        "hostNetwork": True,
        "hostUsers": False,
        "imagePullSecrets": [{"name": "registry"}],
        "os": {"name": "linux"},
        "runtimeClassName": "gvisor",
        "schedulerName": "own",
        "securityContext": {"fsGroup": 7},
        "tolerations": [{"operator": "Exists"}],
    }
    left: Json = {
        "hostname": "web",
        "hostPID": True,
        "initContainers": [{"name": "setup"}],
        "nodeSelector": {"disk": "fast"},
        "priorityClassName": "high",
        "readinessGates": [{"conditionType": "x"}],
        "schedulingGates": [{"name": "x"}],
        "serviceAccountName": "web",
        "shareProcessNamespace": True,
        "subdomain": "web",
        "topologySpreadConstraints": [{"maxSkew": 1}],
    }

    spec = manifest(**taken, **left)["spec"]

    assert {name: spec[name] for name in taken} == taken
    assert left.keys() & spec.keys() == set()


def test_of_the_container_too() -> None:
    own = {"name": "A", "valueFrom": {"resourceFieldRef": {"containerName": "app", "resource": "limits.cpu"}}}
    forged = {"name": "DSHELL_REASON", "value": "forged"}

    (container,) = manifest(
        {
            "args": ["serve"],
            "command": ["/app"],
            "env": [own, forged],
            "envFrom": [{"secretRef": {"name": "s"}}],
            "lifecycle": {"preStop": {}},
            "livenessProbe": {},
            "ports": [{"containerPort": 80}],
            "resizePolicy": [{}],
            "startupProbe": {},
            "volumeDevices": [],
        }
    )["spec"]["containers"]

    assert container == {
        "name": "dshell-abcde",
        "image": "shop/web:1",
        "env": [
            {
                "name": "A",
                "valueFrom": {"resourceFieldRef": {"containerName": "dshell-abcde", "resource": "limits.cpu"}},
            },
            *ENTRY["env"],
        ],
        "envFrom": [{"secretRef": {"name": "s"}}],
        "volumeMounts": [{"name": "dshell-tools", "mountPath": "/.dshell", "readOnly": True}],
    }


@pytest.mark.parametrize(
    ("resources", "copied"),
    [
        ({}, None),
        ({"requests": {"cpu": "2"}}, {"requests": {"cpu": "0"}}),
        (
            {"limits": {"memory": "1Gi", "nvidia.com/gpu": "1"}, "requests": {"nvidia.com/gpu": "1"}},
            {"limits": {"memory": "1Gi"}, "requests": {"memory": "0"}},
        ),
        ({"claims": [{"name": "gpu"}]}, None),
    ],
)
def test_it_fits_on_the_node_beside_the_app(resources: Json, copied: Json) -> None:
    (container,) = manifest({"resources": resources})["spec"]["containers"]

    assert container.get("resources") == copied


def test_without_a_node_it_goes_where_the_pod_would_go() -> None:
    where = {"nodeSelector": {"disk": "fast"}, "affinity": {"nodeAffinity": {}}}

    spec = manifest({}, node="", service_account=False, **where)["spec"]

    assert {name: spec[name] for name in where} == where


def test_the_service_account_only_where_it_is_asked_for() -> None:
    spec = manifest(service_account=True, serviceAccountName="web")["spec"]

    assert (spec["serviceAccountName"], spec["automountServiceAccountToken"]) == ("web", True)


@pytest.mark.parametrize(
    "spec",
    [
        {"tolerations": "x"},
        {"hostNetwork": "yes"},
        {"dnsConfig": []},
        {"runtimeClassName": 7},
        {"imagePullSecrets": ["x"]},
        {"volumes": {}},
    ],
)
def test_fields_of_another_type_are_malformed(spec: Json) -> None:
    with pytest.raises(Malformed):
        manifest({"volumeMounts": [{"name": "a", "mountPath": "/a"}]}, **spec)


@pytest.mark.parametrize(
    ("pod", "name"),
    [
        ("web", "web-dshell-abcde"),
        ("w" * 253, "w" * 50 + "-dshell-abcde"),
        ("w" * 49 + "." + "x" * 100, "w" * 49 + "-dshell-abcde"),
    ],
)
def test_its_name_is_a_label_of_dns(pod: str, name: str) -> None:
    assert copy_name(pod, "abcde") == name
    assert len(name) <= 63


@pytest.mark.parametrize(
    ("volumes", "has"),
    [
        ([{"name": "dshell-tools", "image": {"reference": "busybox:1.37"}}], True),
        ([{"name": "dshell-tools", "emptyDir": {}}], False),
        ([], False),
    ],
)
def test_a_cluster_that_drops_the_tools_is_noticed(volumes: Json, has: bool) -> None:
    assert has_tools({"spec": {"volumes": volumes}}) is has
