"""As whom a copy runs."""

from __future__ import annotations

from typing import Any

import pytest

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
