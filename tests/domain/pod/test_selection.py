"""Which pods a workload means, and which comes first."""

from __future__ import annotations

import pytest

from kubectl_dshell.domain.pod.reference import Reference, WorkloadKind
from kubectl_dshell.domain.pod.selection import jobs_at_work, newest_ready_first, selector_of
from kubectl_dshell.errors import NotFound
from tests.pods import Json

WEB = Reference(WorkloadKind.DEPLOYMENT, "web")


def item(name: str, created: str, **fields: object) -> Json:
    return {"metadata": {"name": name, "creationTimestamp": created}, **fields}


def pod(name: str, created: str, *, ready: bool = True) -> Json:
    conditions = [{"type": "Initialized", "status": "True"}, {"type": "Ready", "status": str(ready)}]
    return item(name, created, status={"conditions": conditions})


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        ({"matchLabels": {"app": "web"}}, "app=web"),
        ({"matchLabels": {"app": "web", "tier": ""}}, "app=web,tier="),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["a", "b"]}]}, "app in (a,b)"),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a"]}]}, "app notin (a)"),
        ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, "app"),
        ({"matchExpressions": [{"key": "old", "operator": "DoesNotExist", "values": None}]}, "!old"),
        (
            {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "example.com/c", "operator": "Exists"}]},
            "a=b,example.com/c",
        ),
    ],
)
def test_a_selector_as_a_query_takes_it(selector: Json, text: str) -> None:
    assert selector_of(WEB, {"spec": {"selector": selector}}) == text


def test_a_service_has_labels_only() -> None:
    service = {"spec": {"selector": {"app": "web", "tier": "front"}}}

    assert selector_of(Reference(WorkloadKind.SERVICE, "web"), service) == "app=web,tier=front"


@pytest.mark.parametrize("service", [{"spec": {}}, {"spec": {"selector": None}}, {"spec": {"selector": {}}}, {}])
def test_a_service_without_a_selector_is_refused(service: Json) -> None:
    with pytest.raises(NotFound, match="service/web has no selector, so it selects no pods") as refusal:
        selector_of(Reference(WorkloadKind.SERVICE, "web"), service)
    assert "endpointslices -l kubernetes.io/service-name=web" in refusal.value.advice[0]


def test_ready_pods_come_first_then_the_newest() -> None:
    pods = [
        pod("old", "2026-01-01T00:00:00Z"),
        pod("starting", "2026-01-03T00:00:00Z", ready=False),
        pod("twin-b", "2026-01-02T00:00:00Z"),
        pod("twin-a", "2026-01-02T00:00:00Z"),
        {"metadata": {"name": "unheard-of"}},
    ]

    names = [p["metadata"]["name"] for p in newest_ready_first(pods)]

    assert names == ["twin-a", "twin-b", "old", "starting", "unheard-of"]


def test_a_cronjob_s_jobs_at_work_newest_first() -> None:
    def job(name: str, owner: str, created: str, active: int) -> Json:
        made = item(name, created, status={"active": active} if active else {})
        made["metadata"]["ownerReferences"] = [{"uid": owner}]
        return made

    jobs = [
        job("old", "u-1", "2026-01-01T00:00:00Z", 1),
        job("done", "u-1", "2026-01-04T00:00:00Z", 0),
        job("new", "u-1", "2026-01-03T00:00:00Z", 2),
        job("another's", "u-2", "2026-01-03T00:00:00Z", 1),
        item("nobody's", "2026-01-03T00:00:00Z", status={"active": 1}),
    ]

    assert [j["metadata"]["name"] for j in jobs_at_work({"metadata": {"uid": "u-1"}}, jobs)] == ["new", "old"]
