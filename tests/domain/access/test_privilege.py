"""The least securityContext that enters, target by target."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.domain.access.identity import Identity, Source
from kubectl_dshell.domain.access.privilege import Profile, security_context
from tests.pods import make_pod

NONROOT = Identity(65532, 65532, Source.STATUS)
ROOT = Identity(0, 0, Source.STATUS)
RUNTIME = {"type": "RuntimeDefault"}
RESTRICTED = {
    "runAsUser": 65532,
    "runAsGroup": 65532,
    "runAsNonRoot": True,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": RUNTIME,
}
AS_ROOT = {
    "runAsUser": 0,
    "runAsGroup": 0,
    "runAsNonRoot": False,
    "allowPrivilegeEscalation": False,
    "seccompProfile": RUNTIME,
}


@pytest.mark.parametrize(
    ("container", "pod", "identity", "expected"),
    [
        pytest.param({}, {}, NONROOT, RESTRICTED, id="non-root: restricted"),
        pytest.param({"capabilities": {"add": ["NET_BIND_SERVICE"]}}, {}, NONROOT, RESTRICTED, id="non-root: added ones are inert, so none"),
        pytest.param({"seccompProfile": {"type": "Unconfined"}}, {}, NONROOT, RESTRICTED, id="unconfined is not needed to enter"),
        pytest.param({"seccompProfile": {"type": "Localhost", "localhostProfile": "p"}}, {}, NONROOT, RESTRICTED | {"seccompProfile": {"type": "Localhost", "localhostProfile": "p"}}, id="own seccomp profile"),
        pytest.param({}, {"seccompProfile": {"type": "Localhost", "localhostProfile": "q"}}, NONROOT, RESTRICTED | {"seccompProfile": {"type": "Localhost", "localhostProfile": "q"}}, id="pod's seccomp profile"),
        pytest.param({}, {}, ROOT, AS_ROOT, id="root: the default capabilities, as it has"),
        pytest.param({"capabilities": {"drop": ["ALL"]}}, {}, ROOT, AS_ROOT | {"capabilities": {"drop": ["ALL"]}}, id="root without capabilities"),
        pytest.param({"capabilities": {"add": ["NET_ADMIN"], "drop": ["MKNOD"]}}, {}, ROOT, AS_ROOT | {"capabilities": {"add": ["NET_ADMIN"], "drop": ["MKNOD"]}}, id="root: mirrored"),
        pytest.param({"privileged": True}, {}, ROOT, AS_ROOT | {"capabilities": {"add": ["ALL"]}}, id="privileged: its capabilities, not its devices"),
        pytest.param({"capabilities": {"add": ["CAP_SYS_ADMIN"]}}, {}, ROOT, {k: v for k, v in AS_ROOT.items() if k != "allowPrivilegeEscalation"} | {"capabilities": {"add": ["CAP_SYS_ADMIN"]}}, id="the API refuses no escalation beside CAP_SYS_ADMIN"),
        pytest.param({"appArmorProfile": {"type": "Unconfined"}, "seLinuxOptions": {"level": "s0:c1"}}, {}, NONROOT, RESTRICTED | {"appArmorProfile": {"type": "Unconfined"}, "seLinuxOptions": {"level": "s0:c1"}}, id="labels are mirrored"),
    ],
)  # fmt: skip
def test_auto_is_the_least_that_enters(container: Any, pod: Any, identity: Identity, expected: dict[str, Any]) -> None:
    target = make_pod(spec={"containers": [{"name": "app", "securityContext": container}], "securityContext": pod})

    assert security_context(Profile.AUTO, target, target.containers[0], identity) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("unconfined", {"type": "Unconfined"}),
        ("runtime/default", {"type": "RuntimeDefault"}),
        ("localhost/mine", {"type": "Localhost", "localhostProfile": "mine"}),
    ],
)
def test_the_old_apparmor_annotation_is_read(value: str, expected: dict[str, str]) -> None:
    pod = make_pod(annotations={"container.apparmor.security.beta.kubernetes.io/app": value})

    assert security_context(Profile.AUTO, pod, pod.containers[0], NONROOT)["appArmorProfile"] == expected


def test_general_is_root_with_ptrace_and_the_default_capabilities() -> None:
    pod = make_pod()

    assert security_context(Profile.GENERAL, pod, pod.containers[0], Identity(0, 0, Source.PROFILE)) == {
        "runAsUser": 0,
        "runAsGroup": 0,
        "runAsNonRoot": False,
        "capabilities": {"add": ["SYS_PTRACE"]},
    }
