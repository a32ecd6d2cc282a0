"""What is read of a cluster, and what is asked about the user, against an API server on loopback."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from kubectl_dshell.domain.permissions import Permission
from kubectl_dshell.errors import ApiError, Malformed, PermissionDenied
from kubectl_dshell.kube import inspection
from kubectl_dshell.kube.inspection import Inspection
from kubectl_dshell.kube.rest.api import Api
from tests.kube.loopback import Peer, Server
from tests.kube.rig import answering, connection

NO_RIGHT = {
    "kind": "Status",
    "code": 403,
    "message": 'nodes is forbidden: User "ada" cannot list resource "nodes" in API group "" at the cluster scope',
}


def inspecting(server: Server) -> Inspection:
    return Inspection(Api(connection(server.port)))


def test_the_version_is_one_short_line() -> None:
    server = Server(answering("200 OK", {"gitVersion": "v1.36.3\n" + "x" * 500}))

    found = inspecting(server).version()

    server.finish()
    assert found.startswith("v1.36.3 x")
    assert len(found) == 64


def test_resources_are_those_that_discovery_lists() -> None:
    server = Server(answering("200 OK", {"resources": [{"name": "pods"}, {"name": "pods/exec"}, 5]}))

    assert inspecting(server).resources() == ["pods", "pods/exec"]
    server.finish()


def test_nodes_come_page_by_page() -> None:
    first = {"items": [{"metadata": {"name": "a"}}], "metadata": {"continue": "more"}}
    server = Server(answering("200 OK", first), answering("200 OK", {"items": [{"metadata": {"name": "b"}}]}))

    assert [node["metadata"]["name"] for node in inspecting(server).nodes()] == ["a", "b"]
    server.finish()


def test_a_list_of_nodes_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "_MOST_NODES", 2)
    server = Server(answering("200 OK", {"items": [{}] * 3, "metadata": {}}))

    with pytest.raises(Malformed, match="lists more than 2 nodes"):
        list(inspecting(server).nodes())
    server.finish()


def test_who_may_not_list_nodes_is_told() -> None:
    server = Server(answering("403 Forbidden", NO_RIGHT))

    with pytest.raises(PermissionDenied) as refused:
        list(inspecting(server).nodes())
    server.finish()
    assert refused.value.right == "list nodes"


def test_a_namespace_that_does_not_exist_is_none() -> None:
    server = Server(
        answering("200 OK", {"metadata": {"name": "shop"}}),
        answering("404 Not Found", {"kind": "Status", "code": 404}),
    )
    found = inspecting(server)

    assert found.namespace("shop") == {"metadata": {"name": "shop"}}
    assert found.namespace("nope") is None
    server.finish()


def test_a_namespace_that_cannot_be_read_is_an_error() -> None:
    server = Server(answering("418 I'm a Teapot", {"kind": "Status", "code": 418}))

    with pytest.raises(ApiError):
        inspecting(server).namespace("shop")
    server.finish()


@pytest.mark.parametrize(
    ("permission", "attributes"),
    [
        (
            Permission("create", "pods/exec"),
            {"namespace": "shop", "verb": "create", "group": "", "resource": "pods", "subresource": "exec"},
        ),
        (
            Permission("get", "jobs", "batch"),
            {"namespace": "shop", "verb": "get", "group": "batch", "resource": "jobs"},
        ),
    ],
)
@pytest.mark.parametrize(("answer", "allowed"), [(True, True), (False, False), ("yes", False), (None, False)])
def test_a_review_asks_about_one_verb(
    permission: Permission, attributes: dict[str, str], answer: Any, *, allowed: bool
) -> None:
    asked: list[Any] = []

    def script(peer: Peer) -> None:
        asked.append(json.loads(peer.request()))
        peer.answer("201 Created", {"status": {"allowed": answer}})

    server = Server(script)

    assert inspecting(server).is_allowed(permission, "shop") is allowed
    server.finish()
    assert asked[0]["kind"] == "SelfSubjectAccessReview"
    assert asked[0]["spec"] == {"resourceAttributes": attributes}


def test_the_use_of_memory_is_asked_of_whoever_collects_it() -> None:
    heads: list[str] = []

    def script(peer: Peer) -> None:
        peer.request()
        heads.append(peer.head)
        peer.answer("200 OK", {"containers": []})

    server = Server(script, answering("404 Not Found", {"kind": "Status", "code": 404}))
    found = inspecting(server)

    assert found.memory_use("shop", "web") == {"containers": []}
    with pytest.raises(ApiError):
        found.memory_use("shop", "web")
    server.finish()
    assert heads[0].split()[1] == "/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods/web"


def test_the_clock_is_compared_with_the_last_response() -> None:
    ahead = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)
    server = Server(answering("200 OK", {}, f"Date: {ahead}"))
    found = inspecting(server)

    assert found.clock_offset() is None
    found.version()
    server.finish()

    offset = found.clock_offset()
    assert offset is not None
    assert abs(offset - timedelta(hours=2)) < timedelta(seconds=5)
