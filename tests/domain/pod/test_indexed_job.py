"""A Job with indexes, and the pods that are its attempts."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.domain.pod.indexed_job import IndexedJob, parse_job, parse_worker
from kubectl_dshell.errors import Malformed, NotFound
from tests.pods import Json, pod_json

UID = "5f0b4ff2-ad8e-4d3a-8c1e-7a2b9b0c1d2e"
INDEX = "batch.kubernetes.io/job-completion-index"
FIX = IndexedJob("ops", "fix", UID, 4, ended=False)


def job(conditions: list[Json] | None = None, **spec: Any) -> Json:
    return {
        "metadata": {"name": "fix", "namespace": "ops", "uid": UID},
        "spec": {"completionMode": "Indexed", "completions": 4, **spec},
        "status": {"conditions": conditions or []},
    }


def worker(index: str = "2", owner: str = UID, state: Json | None = None) -> Json:
    pod = pod_json(annotations={INDEX: index}, statuses=[{"name": "app", "state": state or {}}])
    pod["metadata"] |= {"ownerReferences": [{"uid": owner}], "creationTimestamp": "2026-01-01T00:00:00Z"}
    return pod


@pytest.mark.parametrize(
    ("conditions", "ended"),
    [
        ([], False),
        ([{"type": "Suspended", "status": "True"}], False),
        ([{"type": "FailureTarget", "status": "True"}], False),
        ([{"type": "Failed", "status": "False"}], False),
        ([{"type": "Complete", "status": "True"}], True),
        ([{"type": "Failed", "status": "True"}], True),
    ],
)
def test_a_job_has_its_number_of_shards_and_an_end(conditions: list[Json], ended: bool) -> None:
    parsed = parse_job(job(conditions))

    assert parsed == IndexedJob("ops", "fix", UID, 4, ended)
    assert parsed.selector == f"batch.kubernetes.io/controller-uid={UID}"
    assert str(parsed) == "job/fix"


@pytest.mark.parametrize("spec", [{"completionMode": "NonIndexed"}, {"completionMode": None}, {"completions": None}])
def test_a_job_without_indexes_has_no_shards(spec: Json) -> None:
    with pytest.raises(NotFound, match="job/fix has no shards: its completionMode is not Indexed"):
        parse_job(job(**spec))


def test_a_job_whose_fields_are_malformed_is_not_believed() -> None:
    for wrong in (job(completions="4"), job(completions=10**6), {"metadata": {"name": "fix"}}, {}):
        with pytest.raises((Malformed, NotFound)):
            parse_job(wrong)
    odd = job()
    odd["metadata"]["uid"] = "a,b=c"
    with pytest.raises(Malformed):
        parse_job(odd)


@pytest.mark.parametrize(
    ("state", "began", "how"),
    [
        ({}, False, "has not started"),
        ({"waiting": {"reason": "ErrImagePull"}}, False, "has not started (ErrImagePull)"),
        ({"running": {}}, True, "is still running"),
        ({"terminated": {"exitCode": 0, "reason": "Completed"}}, True, "ended with exit code 0"),
        ({"terminated": {"exitCode": 77, "reason": "Error"}}, True, "ended with exit code 77"),
        ({"terminated": {"exitCode": 137, "reason": "OOMKilled"}}, True, "ended with exit code 137 (OOMKilled)"),
    ],
)
def test_an_attempt_says_how_it_is(state: Json, began: bool, how: str) -> None:
    found = parse_worker(worker(state=state), FIX)

    assert found
    assert (found.index, found.name, found.container.name) == (2, "web", "app")
    assert (found.began, found.how) == (began, how)


@pytest.mark.parametrize("pod", [worker(owner="other"), worker("4"), worker("x"), worker("")])
def test_a_pod_that_only_wears_the_labels_is_no_attempt(pod: Json) -> None:
    assert parse_worker(pod, FIX) is None
