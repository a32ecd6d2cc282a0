from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.domain.pod.reference import WorkloadKind
from kubectl_dshell.errors import ApiError
from kubectl_dshell.kube.names import Named, Names, containers, template
from kubectl_dshell.kube.rest.api import TABLE, Api
from tests.kube.loopback import Peer, Server
from tests.kube.rig import connection


def names(status: str, body: Any, heads: list[str]) -> Names:
    def script(peer: Peer) -> None:
        peer.request()
        heads.extend([peer.head, peer.headers["accept"]])
        peer.answer(status, body, "Content-Type: application/json")

    return Names(Api(connection(Server(script).port), accept=TABLE))


def test_a_row_has_a_name_and_maybe_a_status() -> None:
    heads: list[str] = []
    table = {
        "columnDefinitions": [{"name": "Ready"}, {"name": "Name"}, {"name": "Status"}, 7],
        "rows": [{"cells": ["1/1", "web", "Running"]}, {"cells": ["0/1", "db", 7]}, {"cells": ["x"]}, {}, None],
    }

    assert names("200 OK", table, heads).of_kind("a b", WorkloadKind.POD) == [Named("web", "Running"), Named("db")]
    assert heads == [
        "GET /api/v1/namespaces/a%20b/pods?includeObject=None&limit=5000&resourceVersion=0 HTTP/1.1",
        TABLE,
    ]


def test_workloads_and_namespaces_are_listed_alike() -> None:
    heads: list[str] = []
    table = {"columnDefinitions": [{"name": "Name"}], "rows": [{"cells": ["web"]}]}

    assert names("200 OK", table, heads).of_kind("shop", WorkloadKind.JOB) == [Named("web")]
    assert names("200 OK", table, heads).namespaces() == [Named("web")]
    assert [head.split("?")[0] for head in heads[::2]] == [
        "GET /apis/batch/v1/namespaces/shop/jobs",
        "GET /api/v1/namespaces",
    ]


def test_a_refusal_is_raised() -> None:
    with pytest.raises(ApiError):
        names("403 Forbidden", {"kind": "Status", "code": 403}, []).namespaces()


def test_containers_come_before_init_containers() -> None:
    pod = {"spec": {"initContainers": [{"name": "init", "image": "a"}], "containers": [{"name": "app"}, 7]}}

    assert containers(pod) == [Named("app"), Named("init", "a")]
    assert containers([]) == []


@pytest.mark.parametrize("deeper", [lambda spec: spec, lambda spec: {"jobTemplate": {"spec": spec}}])
def test_a_workload_has_the_containers_of_its_template(deeper: Any) -> None:
    spec = {"template": {"spec": {"containers": [{"name": "app", "image": "a"}]}}}

    assert containers(template({"spec": deeper(spec)})) == [Named("app", "a")]
    assert containers(template([])) == []
