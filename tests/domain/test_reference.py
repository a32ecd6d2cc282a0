"""POD or KIND/NAME."""

from __future__ import annotations

import pytest

from kubectl_dshell.domain.pod.reference import Kind, Reference, parse_reference


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("web", Kind.POD),
        ("po/web", Kind.POD),
        ("pod/web", Kind.POD),
        ("pods/web", Kind.POD),
        ("deploy/web", Kind.DEPLOYMENT),
        ("deployment/web", Kind.DEPLOYMENT),
        ("deployments/web", Kind.DEPLOYMENT),
        ("Deployment/web", Kind.DEPLOYMENT),
        ("deployment.apps/web", Kind.DEPLOYMENT),
        ("deployments.apps/web", Kind.DEPLOYMENT),
        ("deployments.v1.apps/web", Kind.DEPLOYMENT),
        ("sts/web", Kind.STATEFULSET),
        ("statefulset/web", Kind.STATEFULSET),
        ("statefulsets.apps/web", Kind.STATEFULSET),
        ("ds/web", Kind.DAEMONSET),
        ("daemonsets/web", Kind.DAEMONSET),
        ("rs/web", Kind.REPLICASET),
        ("replicaset/web", Kind.REPLICASET),
        ("job/web", Kind.JOB),
        ("jobs.batch/web", Kind.JOB),
        ("cj/web", Kind.CRONJOB),
        ("cronjob/web", Kind.CRONJOB),
        ("cronjobs.batch/web", Kind.CRONJOB),
        ("svc/web", Kind.SERVICE),
        ("service/web", Kind.SERVICE),
        ("services/web", Kind.SERVICE),
    ],
)
def test_a_word_names_a_kind_as_kubectl_does(word: str, kind: Kind) -> None:
    assert parse_reference(word) == Reference(kind, "web")


@pytest.mark.parametrize("word", ["web.v2", "a", "0", "a" * 253, "sts/db-0"])
def test_names_are_those_of_the_api(word: str) -> None:
    assert parse_reference(word).name == word.rpartition("/")[2]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("node/a", "'node' has no pods to enter"),
        ("deployments.extensions/a", "has no pods to enter"),
        ("pods.apps/a", "has no pods to enter"),
        ("/a", "has no pods to enter"),
        ("a/b/c", "has no pods to enter"),
        ("Web!", "'Web!' is not the name of a pod"),
        ("deploy/", "is not the name of a deployment"),
        ("web-", "is not the name of a pod"),
        ("a" * 254, "is not the name of a pod"),
        ("wéb", "is not the name of a pod"),
    ],
)
def test_what_is_none_is_refused(word: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_reference(word)


def test_it_is_shown_as_it_can_be_typed() -> None:
    assert [str(parse_reference(w)) for w in ("po/web", "deploy/web")] == ["web", "deployment/web"]
