"""What the labels of a namespace mean for debug containers."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.domain.diagnosis.check import Status, Unknown
from kubectl_dshell.domain.diagnosis.pod_security import Level, PodSecurity, in_words, judged, parse_pod_security
from kubectl_dshell.errors import Malformed

LABEL = "pod-security.kubernetes.io/"


def namespace(**modes: str) -> dict[str, Any]:
    return {"metadata": {"labels": {LABEL + mode.replace("_", "-"): value for mode, value in modes.items()}}}


@pytest.mark.parametrize(
    ("labels", "found", "words"),
    [
        ({}, PodSecurity(None), "no level is set by label"),
        ({"enforce": "baseline"}, PodSecurity(Level.BASELINE), "baseline"),
        ({"enforce": "baseline", "enforce_version": "latest"}, PodSecurity(Level.BASELINE), "baseline"),
        (
            {"enforce": "restricted", "enforce_version": "v1.30", "warn": "restricted"},
            PodSecurity(Level.RESTRICTED, "v1.30", Level.RESTRICTED),
            "restricted (v1.30)",
        ),
    ],
)
def test_labels_are_read(labels: dict[str, str], found: PodSecurity, words: str) -> None:
    assert parse_pod_security(namespace(**labels)) == found
    assert in_words(found) == words


@pytest.mark.parametrize("wrong", [[], namespace(enforce="none"), {"metadata": {"labels": {"a": 1}}}])
def test_malformed_ones_are_refused(wrong: Any) -> None:
    with pytest.raises(Malformed):
        parse_pod_security(wrong)


@pytest.mark.parametrize("level", [None, *Level])
def test_every_level_has_a_meaning(level: Level | None) -> None:
    found = judged("shop", PodSecurity(level))

    assert found.status is Status.OK
    assert ("is refused" in found.message) is (level in (Level.BASELINE, Level.RESTRICTED))


@pytest.mark.parametrize(
    ("warn", "said"), [(Level.RESTRICTED, True), (Level.BASELINE, False), (None, False)], ids=["other", "same", "none"]
)
def test_another_level_that_only_warns_is_told(warn: Level | None, *, said: bool) -> None:
    message = judged("shop", PodSecurity(Level.BASELINE, "", warn)).message

    assert message.endswith("; what violates restricted is warned about") is said


def test_a_namespace_that_does_not_exist_fails() -> None:
    found = judged("shop", None)

    assert (found.status, found.message) == (Status.FAILED, 'there is no namespace "shop"')


def test_labels_that_may_not_be_read_are_unknown() -> None:
    assert judged("shop", Unknown("you may not get namespaces")).status is Status.UNKNOWN
