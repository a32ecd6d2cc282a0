"""What is known of a container before anything runs in its pod."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.domain.diagnosis.explanation import ContainerFacts, facts_of
from kubectl_dshell.domain.diagnosis.ways import Process
from kubectl_dshell.domain.runtime.capabilities import defaults
from kubectl_dshell.errors import Malformed
from tests.pods import make_pod, running

RUNS = running()
DEFAULT = defaults("containerd").capabilities


def facts(security: Any = None, of_the_pod: Any = None, status: Any = RUNS, **more: Any) -> ContainerFacts:
    spec = {"containers": [{"name": "app", "securityContext": security or {}, **more}], "securityContext": of_the_pod}
    pod = make_pod(spec=spec, statuses=[status])
    return facts_of(pod, pod.containers[0], None)


def test_the_status_names_user_and_groups() -> None:
    status = running()
    status["user"]["linux"]["supplementalGroups"] = [2000, 65532]

    found = facts(status=status)

    assert (found.process, found.groups, found.source) == (
        Process(65532, 65532, frozenset(), "containerd"),
        (2000, 65532),
        "status",
    )
    assert found.state == "running"


@pytest.mark.parametrize(
    ("security", "of_the_pod", "process", "source"),
    [
        ({"runAsUser": 5, "runAsGroup": 6}, None, Process(5, 6, frozenset(), "containerd"), "spec"),
        ({"runAsUser": 0}, {"runAsGroup": 6}, Process(0, 6, DEFAULT, "containerd"), "spec"),
        ({"runAsUser": 5}, None, Process(5, None, frozenset(), "containerd"), "spec, image"),
        (None, None, Process(None, None, frozenset(), "containerd"), "image"),
    ],
)
def test_without_a_status_the_spec_does_and_else_the_image(
    security: Any, of_the_pod: Any, process: Process, source: str
) -> None:
    found = facts(security, of_the_pod, running(user=None))

    assert (found.process, found.source, found.groups) == (process, source, ())


DEFAULT_PROFILE = {"type": "RuntimeDefault"}
LOCAL = {"type": "Localhost", "localhostProfile": "audit.json"}


@pytest.mark.parametrize("key", ["seccompProfile", "appArmorProfile"])
@pytest.mark.parametrize(
    ("security", "of_the_pod", "said"),
    [
        ({}, {}, ""),
        (DEFAULT_PROFILE, {}, "RuntimeDefault"),
        ({}, LOCAL, "Localhost audit.json"),
        (DEFAULT_PROFILE, LOCAL, "RuntimeDefault"),
    ],
)
def test_a_profile_is_the_container_s_or_the_pod_s(key: str, security: Any, of_the_pod: Any, said: str) -> None:
    found = facts({key: security}, {key: of_the_pod})

    assert {"seccompProfile": found.seccomp, "appArmorProfile": found.apparmor}[key] == said


def test_an_old_pod_has_its_apparmor_profile_in_an_annotation() -> None:
    annotations = {"container.apparmor.security.beta.kubernetes.io/app": "localhost/mine"}
    pod = make_pod(annotations=annotations)

    assert facts_of(pod, pod.containers[0], None).apparmor == "localhost/mine"


def test_an_selinux_label_is_written_as_one() -> None:
    options = {"type": "container_t", "level": "s0:c1,c2"}

    assert facts({"seLinuxOptions": options}).selinux == "container_t:s0:c1,c2"
    assert facts({}, {"seLinuxOptions": options}).selinux == "container_t:s0:c1,c2"


def test_its_own_limit_is_known() -> None:
    assert facts(resources={"limits": {"memory": "1Ki"}}).memory_limit == 1024


@pytest.mark.parametrize(
    "security", [{"seccompProfile": {"type": "Localhost", "localhostProfile": 5}}, {"seLinuxOptions": {"type": []}}]
)
def test_malformed_profiles_are_refused(security: Any) -> None:
    with pytest.raises(Malformed):
        facts(security)
