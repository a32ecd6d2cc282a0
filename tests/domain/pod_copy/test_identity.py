"""As whom a copy runs."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.domain.access.custom import Custom
from kubectl_dshell.domain.access.privilege import Privilege, Profile
from kubectl_dshell.domain.pod.pod import parse_pod
from kubectl_dshell.domain.pod_copy.identity import copied_security
from tests.pods import pod_json, running

OWN = {"allowPrivilegeEscalation": False}


@pytest.mark.parametrize(
    ("own", "of_pod", "user", "run_as", "expected"),
    [
        pytest.param({}, {}, None, None, {}, id="the image's, unknown"),
        pytest.param({}, {}, (101, 102), None, {"runAsUser": 101, "runAsGroup": 102}, id="the image's, reported"),
        pytest.param({}, {}, (0, 0), None, {}, id="root by the image alone"),
        pytest.param({"runAsUser": 7}, {}, (7, 0), None, {"runAsUser": 7}, id="in the container's spec"),
        pytest.param({}, {"runAsUser": 7}, (7, 0), None, {}, id="in the pod's spec, which is taken over"),
        pytest.param({"runAsUser": 7}, {}, (7, 0), (8, None), {"runAsUser": 8}, id="--run-as"),
        pytest.param({"runAsUser": 7}, {}, None, (8, 9), {"runAsUser": 8, "runAsGroup": 9}, id="--run-as with a group"),
        pytest.param(
            {"runAsNonRoot": True},
            {},
            None,
            (0, 0),
            {"runAsUser": 0, "runAsGroup": 0, "runAsNonRoot": False},
            id="root",
        ),
    ],
)
def test_user(own: Any, of_pod: Any, user: Any, run_as: Any, expected: Any) -> None:
    spec = {"containers": [{"name": "app", "securityContext": {**OWN, **own}}], "securityContext": of_pod}
    pod = parse_pod(pod_json(spec=spec, statuses=[running(user=user)]))

    assert copied_security(pod, pod.containers[0], run_as) == {**OWN, **own, **expected}


LABELS = {"seLinuxOptions": {"level": "s0:c1"}}
ROOT = {"runAsUser": 0, "runAsGroup": 0, "runAsNonRoot": False}
FULL = {**OWN, **LABELS, "runAsNonRoot": True, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True}


@pytest.mark.parametrize(
    ("privilege", "run_as", "expected"),
    [
        pytest.param(
            Privilege(Profile.GENERAL), None, {**ROOT, **LABELS, "capabilities": {"add": ["SYS_PTRACE"]}}, id="general"
        ),
        pytest.param(
            Privilege(Profile.NETADMIN, cap_add=("SYS_PTRACE",)),
            None,
            {**ROOT, **LABELS, "capabilities": {"add": ["NET_ADMIN", "NET_RAW", "SYS_PTRACE"]}},
            id="netadmin, and more",
        ),
        pytest.param(Privilege(Profile.SYSADMIN), None, {**ROOT, **LABELS, "privileged": True}, id="sysadmin"),
        pytest.param(Privilege(Profile.BASELINE), None, {"runAsUser": 7, "runAsGroup": 8, **LABELS}, id="baseline"),
        pytest.param(
            Privilege(Profile.RESTRICTED),
            None,
            {
                "runAsUser": 7,
                "runAsGroup": 8,
                **LABELS,
                **OWN,
                "runAsNonRoot": True,
                "capabilities": {"drop": ["ALL"]},
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            id="restricted",
        ),
        pytest.param(
            Privilege(cap_add=("CHOWN",)),
            (0, 0),
            {**FULL, **ROOT, "capabilities": {"add": ["CHOWN"], "drop": ["ALL"]}},
            id="the app's, and one capability",
        ),
        pytest.param(
            Privilege(privileged=True),
            (0, 0),
            {**ROOT, **LABELS, "readOnlyRootFilesystem": True, "privileged": True},
            id="privileged",
        ),
        pytest.param(
            Privilege(custom=Custom("f", {"securityContext": {"runAsUser": 0, "readOnlyRootFilesystem": False}})),
            None,
            {**FULL, "runAsUser": 0, "runAsNonRoot": False, "readOnlyRootFilesystem": False},
            id="custom",
        ),
    ],
)
def test_privilege(privilege: Privilege, run_as: Any, expected: Any) -> None:
    pod = parse_pod(
        pod_json(spec={"containers": [{"name": "app", "securityContext": FULL}]}, statuses=[running(user=(7, 8))])
    )

    assert copied_security(pod, pod.containers[0], run_as, privilege) == expected
