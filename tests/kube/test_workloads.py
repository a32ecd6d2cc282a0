"""Workloads read, against an API server on loopback."""

from __future__ import annotations

import pytest

from kubectl_dshell.domain.pod.reference import parse_reference
from kubectl_dshell.errors import NotFound, PermissionDenied
from kubectl_dshell.kube.rest.api import Api
from kubectl_dshell.kube.workloads import Workloads
from tests.kube.loopback import Peer, Server
from tests.kube.rig import answering, connection


def workloads(server: Server) -> Workloads:
    return Workloads(Api(connection(server.port)))


@pytest.mark.parametrize(
    ("reference", "path"),
    [
        ("deploy/web", "/apis/apps/v1/namespaces/ns/deployments/web"),
        ("cronjob/web", "/apis/batch/v1/namespaces/ns/cronjobs/web"),
        ("svc/web", "/api/v1/namespaces/ns/services/web"),
    ],
)
def test_a_workload_is_read_from_its_group(reference: str, path: str) -> None:
    heads: list[str] = []

    def script(peer: Peer) -> None:
        peer.request()
        heads.append(peer.head)
        peer.answer("200 OK", {"kind": "x"})

    server = Server(script)

    assert workloads(server).get_workload("ns", parse_reference(reference)) == {"kind": "x"}
    server.finish()
    assert heads[0].split()[1] == path


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        ("404 Not Found", NotFound, 'no deployment "web" in namespace ns'),
        ("403 Forbidden", PermissionDenied, "the current user may not get deployments.apps in namespace ns"),
    ],
)
def test_a_refusal_names_the_workload(status: str, error: type[Exception], said: str) -> None:
    server = Server(answering(status, {"kind": "Status", "message": "no"}))

    with pytest.raises(error, match=said):
        workloads(server).get_workload("ns", parse_reference("deploy/web"))
    server.finish()


def test_jobs_come_page_by_page() -> None:
    first = {"items": [{"metadata": {"name": "a"}}], "metadata": {"continue": "more"}}
    server = Server(answering("200 OK", first), answering("200 OK", {"items": [{"metadata": {"name": "b"}}]}))

    assert [job["metadata"]["name"] for job in workloads(server).list_jobs("ns")] == ["a", "b"]
    server.finish()


def test_who_may_not_list_jobs_is_told_so() -> None:
    server = Server(answering("403 Forbidden", {"kind": "Status", "message": "no"}))

    with pytest.raises(PermissionDenied, match=r"may not list jobs\.batch in namespace ns"):
        list(workloads(server).list_jobs("ns"))
    server.finish()
