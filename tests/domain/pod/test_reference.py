"""POD or KIND/NAME."""

from __future__ import annotations

import pytest

from kubectl_dshell.domain.pod.reference import KINDS, Reference, WorkloadKind, kind_spelled, parse_reference, spellings


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("web", WorkloadKind.POD),
        ("po/web", WorkloadKind.POD),
        ("pod/web", WorkloadKind.POD),
        ("pods/web", WorkloadKind.POD),
        ("deploy/web", WorkloadKind.DEPLOYMENT),
        ("deployment/web", WorkloadKind.DEPLOYMENT),
        ("deployments/web", WorkloadKind.DEPLOYMENT),
        ("Deployment/web", WorkloadKind.DEPLOYMENT),
        ("deployment.apps/web", WorkloadKind.DEPLOYMENT),
        ("deployments.apps/web", WorkloadKind.DEPLOYMENT),
        ("deployments.v1.apps/web", WorkloadKind.DEPLOYMENT),
        ("sts/web", WorkloadKind.STATEFULSET),
        ("statefulset/web", WorkloadKind.STATEFULSET),
        ("statefulsets.apps/web", WorkloadKind.STATEFULSET),
        ("ds/web", WorkloadKind.DAEMONSET),
        ("daemonsets/web", WorkloadKind.DAEMONSET),
        ("rs/web", WorkloadKind.REPLICASET),
        ("replicaset/web", WorkloadKind.REPLICASET),
        ("job/web", WorkloadKind.JOB),
        ("jobs.batch/web", WorkloadKind.JOB),
        ("cj/web", WorkloadKind.CRONJOB),
        ("cronjob/web", WorkloadKind.CRONJOB),
        ("cronjobs.batch/web", WorkloadKind.CRONJOB),
        ("svc/web", WorkloadKind.SERVICE),
        ("service/web", WorkloadKind.SERVICE),
        ("services/web", WorkloadKind.SERVICE),
    ],
)
def test_a_word_names_a_kind_as_kubectl_does(word: str, kind: WorkloadKind) -> None:
    assert parse_reference(word) == Reference(kind, "web")


@pytest.mark.parametrize("word", ["web.v2", "a", "0", "a" * 253, "sts/db-0"])
def test_names_are_those_of_the_api(word: str) -> None:
    assert parse_reference(word).name == word.rpartition("/")[2]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("node/a", "'node' is not a kind that has pods"),
        ("deployments.extensions/a", "is not a kind that has pods"),
        ("pods.apps/a", "is not a kind that has pods"),
        ("/a", "is not a kind that has pods"),
        ("a/b/c", "is not a kind that has pods"),
        ("Web!", "'Web!' is not a valid pod name"),
        ("deploy/", "is not a valid deployment name"),
        ("web-", "is not a valid pod name"),
        ("a" * 254, "is not a valid pod name"),
        ("wéb", "is not a valid pod name"),
    ],
)
def test_what_is_none_is_refused(word: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_reference(word)


def test_it_is_shown_as_it_can_be_typed() -> None:
    assert [str(parse_reference(w)) for w in ("po/web", "deploy/web")] == ["web", "deployment/web"]


def test_one_spelling_of_a_kind_is_offered_unless_only_others_begin_so() -> None:
    assert spellings("") == KINDS.split()
    assert spellings("d") == ["deploy", "ds"]
    assert spellings("deployment") == ["deployment", "deployments"]
    assert spellings("node") == []
    assert {kind_spelled(word) for word in KINDS.split()} == set(WorkloadKind)
    assert kind_spelled("node") is None
