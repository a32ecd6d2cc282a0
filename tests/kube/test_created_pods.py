"""Pods of dshell's own, against an API server on loopback."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubectl_dshell.errors import ApiError, DshellError, Forbidden, NoImageVolumes, PermissionDenied, Unavailable
from kubectl_dshell.kube.created_pods import CreatedPods
from kubectl_dshell.kube.rest.api import Api
from tests.kube.loopback import Peer, Server
from tests.kube.rig import answering, connection

POD: dict[str, Any] = {"metadata": {"name": "web-dshell-x"}, "spec": {}}


def created(server: Server) -> CreatedPods:
    return CreatedPods(Api(connection(server.port), sleep=lambda _seconds: None))


def status(message: str, reason: str = "") -> dict[str, str]:
    return {"kind": "Status", "status": "Failure", "message": message, "reason": reason}


class Recorded:
    """Answers like `answering`, and keeps the request."""

    def __init__(self, status_line: str, body: object) -> None:
        self._status, self._body = status_line, body
        self.head: object = b""

    def __call__(self, peer: Peer) -> None:
        peer.request()
        self.head = peer.head
        peer.answer(self._status, self._body)


@pytest.mark.parametrize(("dry_run", "query"), [(False, ""), (True, "?dryRun=All")])
def test_a_pod_is_created(dry_run: bool, query: str) -> None:
    script = Recorded("201 Created", POD)
    server = Server(script)

    assert created(server).create_pod("shop", POD, dry_run=dry_run) == POD
    server.finish()
    assert f"POST /api/v1/namespaces/shop/pods{query} HTTP" in str(script.head)


@pytest.mark.parametrize(
    ("line", "body", "kind", "said"),
    [
        (
            "422 Unprocessable Entity",
            status('Pod "x" is invalid: spec.volumes[0]: Required value: must specify a volume type', "Invalid"),
            NoImageVolumes,
            "this cluster has no image volumes",
        ),
        (
            "422 Unprocessable Entity",
            status("spec.x: wrong", "Invalid"),
            Unavailable,
            "the API server rejected the pod",
        ),
        (
            "403 Forbidden",
            status('pods "x" is forbidden: violates PodSecurity "restricted:latest": x', "Forbidden"),
            Forbidden,
            'Pod Security level "restricted"',
        ),
        (
            "403 Forbidden",
            status(
                'pods is forbidden: User "ada" cannot create resource "pods" in API group "" in the namespace "shop"'
            ),
            PermissionDenied,
            "ada may not create pods in namespace shop",
        ),
        ("403 Forbidden", status('pods "x" is forbidden: exceeded quota: q'), Forbidden, "exceeded quota"),
    ],
)
def test_a_refusal_says_what_would_do(line: str, body: object, kind: type[DshellError], said: str) -> None:
    server = Server(answering(line, body))

    with pytest.raises(kind) as refused:
        created(server).create_pod("shop", POD)

    assert said in refused.value.message
    if kind is PermissionDenied:
        assert "manifests/rbac/copy.yaml" in refused.value.advice[0]


@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("200 OK", POD),
        ("404 Not Found", status('pods "x" not found', "NotFound")),
        ("409 Conflict", status("the UID in the precondition does not match", "Conflict")),
    ],
)
def test_a_pod_that_is_gone_or_replaced_counts_as_deleted(line: str, body: object) -> None:
    created(Server(answering(line, body))).delete_pod("shop", "web-dshell-x", "u-1")


def test_a_pod_that_cannot_be_deleted_is_told() -> None:
    denied = status('pods "x" is forbidden: User "ada" cannot delete resource "pods" in API group ""')

    with pytest.raises(PermissionDenied, match="ada may not delete pods in namespace shop"):
        created(Server(answering("403 Forbidden", denied))).delete_pod("shop", "x", "")
    with pytest.raises(ApiError):
        created(Server(answering("400 Bad Request", status("no")))).delete_pod("shop", "x", "")


@pytest.mark.parametrize(
    ("line", "body", "denied"),
    [
        ("201 Created", {"status": {"allowed": True}}, False),
        ("201 Created", {"status": {"allowed": False}}, True),
        ("201 Created", {"status": 7}, False),
        ("403 Forbidden", status("no reviews for you"), False),
    ],
)
def test_only_an_answer_is_a_refusal(line: str, body: object, denied: bool) -> None:
    work = created(Server(answering(line, json.loads(json.dumps(body)))))

    if denied:
        with pytest.raises(PermissionDenied, match="the current user may not create pods/exec in namespace shop"):
            work.check_right("shop", "create", "pods/exec")
    else:
        work.check_right("shop", "create", "pods/exec")
