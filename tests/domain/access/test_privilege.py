"""The least securityContext that enters, target by target."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.domain.access.custom import Custom
from kubectl_dshell.domain.access.identity import Identity, Source
from kubectl_dshell.domain.access.privilege import Privilege, Profile, security_context
from tests.pods import Json, make_pod, running

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
UNCONFINED = {"appArmorProfile": {"type": "Unconfined"}}
OF_PRIVILEGED = UNCONFINED | {"seLinuxOptions": {"type": "spc_t"}}
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
        pytest.param({"privileged": True}, {}, ROOT, AS_ROOT | {"capabilities": {"add": ["ALL"]}} | OF_PRIVILEGED, id="privileged: its capabilities and no label, not its devices"),
        pytest.param({"privileged": True, "runAsUser": 65532}, {}, NONROOT, RESTRICTED | OF_PRIVILEGED, id="privileged, but not root: no label, and nothing else"),
        pytest.param({"privileged": True, "seccompProfile": {"type": "Unconfined"}}, {}, ROOT, AS_ROOT | {"capabilities": {"add": ["ALL"]}} | OF_PRIVILEGED, id="privileged: the kernel compares no seccomp profiles"),
        pytest.param({"capabilities": {"add": ["CAP_SYS_ADMIN"]}}, {}, ROOT, {k: v for k, v in AS_ROOT.items() if k != "allowPrivilegeEscalation"} | {"capabilities": {"add": ["CAP_SYS_ADMIN"]}}, id="the API refuses no escalation beside CAP_SYS_ADMIN"),
        pytest.param({"appArmorProfile": {"type": "Unconfined"}, "seLinuxOptions": {"level": "s0:c1"}}, {}, NONROOT, RESTRICTED | {"appArmorProfile": {"type": "Unconfined"}, "seLinuxOptions": {"level": "s0:c1"}}, id="labels are mirrored"),
        pytest.param({"readOnlyRootFilesystem": True}, {}, NONROOT, RESTRICTED | {"readOnlyRootFilesystem": True}, id="a read-only root is mirrored"),
        pytest.param({"readOnlyRootFilesystem": True}, {}, ROOT, AS_ROOT | {"readOnlyRootFilesystem": True}, id="of root too"),
        pytest.param({"readOnlyRootFilesystem": False}, {}, NONROOT, RESTRICTED, id="a writable root is the default"),
    ],
)  # fmt: skip
def test_auto_is_the_least_that_enters(container: Any, pod: Any, identity: Identity, expected: dict[str, Any]) -> None:
    target = make_pod(spec={"containers": [{"name": "app", "securityContext": container}], "securityContext": pod})

    assert security_context(Privilege(), target, target.containers[0], identity) == expected


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

    assert security_context(Privilege(), pod, pod.containers[0], NONROOT)["appArmorProfile"] == expected


OWN = {"type": "Localhost", "localhostProfile": "mine"}
ANNOTATION = "container.apparmor.security.beta.kubernetes.io/app"


@pytest.mark.parametrize(
    ("runtime", "container", "pod", "annotation", "expected"),
    [
        # Read as the label of a privileged container on a node: "unconfined".
        pytest.param("containerd", None, None, "", UNCONFINED, id="containerd 2.2.1 and 1.7.24: nothing in the spec"),
        pytest.param("containerd", RUNTIME, None, "", UNCONFINED, id="containerd 2.2.1: RuntimeDefault"),
        pytest.param("cri-o", None, None, "", UNCONFINED, id="CRI-O 1.36.3, with crun 1.21 and with runc 1.4.3"),
        # Not measured: as the sources of the runtimes and of the kubelet (`apparmor.GetProfile`) have it.
        pytest.param("containerd", None, RUNTIME, "", UNCONFINED, id="RuntimeDefault of the pod"),
        pytest.param("containerd", None, None, "runtime/default", UNCONFINED, id="RuntimeDefault of the annotation"),
        pytest.param("containerd", None, None, "unconfined", UNCONFINED, id="Unconfined of the annotation"),
        pytest.param("containerd", OWN, None, "", {"appArmorProfile": OWN}, id="a profile of its own"),
        pytest.param("containerd", OWN, RUNTIME, "", {"appArmorProfile": OWN}, id="its own, before the pod's"),
        pytest.param("containerd", None, None, "localhost/mine", {"appArmorProfile": OWN}, id="the same by annotation"),
        pytest.param("containerd", RUNTIME, OWN, "", UNCONFINED, id="RuntimeDefault of its own, before the pod's"),
        pytest.param("containerd", None, OWN, "", {}, id="a profile of the pod's: the debug container has it too"),
        pytest.param("docker", OWN, None, "", {"appArmorProfile": OWN}, id="a profile of its own, under Docker"),
        pytest.param("cri-o", OWN, None, "", UNCONFINED, id="CRI-O applies no profile to a privileged container"),
        pytest.param("cri-o", None, OWN, "", UNCONFINED, id="nor the pod's"),
    ],
)  # fmt: skip
def test_a_privileged_target_has_the_label_that_its_runtime_gives_it(
    runtime: str, container: Json | None, pod: Json | None, annotation: str, expected: Json
) -> None:
    security = {"privileged": True, **({"appArmorProfile": container} if container else {})}
    target = make_pod(
        spec={
            "containers": [{"name": "app", "securityContext": security}],
            "securityContext": {"appArmorProfile": pod} if pod else {},
        },
        statuses=[{**running(), "containerID": f"{runtime}://{'a' * 64}"}],
        annotations={ANNOTATION: annotation} if annotation else None,
    )

    context = security_context(Privilege(), target, target.containers[0], ROOT)

    assert {key: context[key] for key in context if key == "appArmorProfile"} == expected


@pytest.mark.parametrize("profile", Profile)
def test_whatever_the_profile_the_label_is_that_of_a_privileged_target(profile: Profile) -> None:
    pod = make_pod(spec={"containers": [{"name": "app", "securityContext": {"privileged": True}}]})

    assert OF_PRIVILEGED.items() <= security_context(Privilege(profile), pod, pod.containers[0], ROOT).items()


@pytest.mark.parametrize("profile", Profile)
def test_no_label_is_taken_off_for_a_target_that_has_one(profile: Profile) -> None:
    pod = make_pod(spec={"containers": [{"name": "app", "securityContext": {"capabilities": {"add": ["ALL"]}}}]})

    context = security_context(Privilege(profile), pod, pod.containers[0], ROOT)

    assert not {"appArmorProfile", "seLinuxOptions"} & set(context)


def test_the_type_that_a_privileged_target_names_is_not_the_one_it_has() -> None:
    """Measured on containerd 2.2.1: a privileged container that names container_t and a level runs as spc_t."""
    security = {"privileged": True, "seLinuxOptions": {"type": "container_t", "level": "s0:c1,c2"}}
    pod = make_pod(spec={"containers": [{"name": "app", "securityContext": security}]})

    assert security_context(Privilege(), pod, pod.containers[0], ROOT)["seLinuxOptions"] == {"type": "spc_t"}


def test_general_is_root_with_ptrace_and_the_default_capabilities() -> None:
    """As with kubectl debug, also if the target's root is read-only: tools can be installed."""
    pod = make_pod(spec={"containers": [{"name": "app", "securityContext": {"readOnlyRootFilesystem": True}}]})

    assert security_context(Privilege(Profile.GENERAL), pod, pod.containers[0], Identity(0, 0, Source.PROFILE)) == {
        "runAsUser": 0,
        "runAsGroup": 0,
        "runAsNonRoot": False,
        "capabilities": {"add": ["SYS_PTRACE"]},
    }


PLAIN_ROOT = {"runAsUser": 0, "runAsGroup": 0, "runAsNonRoot": False}
PLAIN_NONROOT = {"runAsUser": 65532, "runAsGroup": 65532, "runAsNonRoot": True}
DROPS: dict[str, Any] = {"capabilities": {"drop": ["ALL"]}}


@pytest.mark.parametrize(
    ("privilege", "identity", "expected"),
    [
        pytest.param(Privilege(Profile.RESTRICTED), NONROOT, RESTRICTED, id="restricted"),
        pytest.param(Privilege(Profile.BASELINE), NONROOT, PLAIN_NONROOT, id="baseline"),
        pytest.param(Privilege(Profile.BASELINE), ROOT, PLAIN_ROOT, id="baseline, of root"),
        pytest.param(Privilege(Profile.NETADMIN), ROOT, PLAIN_ROOT | {"capabilities": {"add": ["NET_ADMIN", "NET_RAW"]}}, id="netadmin"),
        pytest.param(Privilege(Profile.SYSADMIN), ROOT, PLAIN_ROOT | {"privileged": True}, id="sysadmin"),
        pytest.param(Privilege(cap_add=("BPF",)), ROOT, AS_ROOT | {"capabilities": {"add": ["BPF"]}}, id="add"),
        pytest.param(Privilege(cap_drop=("MKNOD", "KILL")), ROOT, AS_ROOT | {"capabilities": {"drop": ["MKNOD", "KILL"]}}, id="drop"),
        pytest.param(Privilege(cap_drop=("KILL",)), NONROOT, RESTRICTED, id="nothing is left to drop"),
        pytest.param(Privilege(Profile.GENERAL, ("BPF",)), ROOT, PLAIN_ROOT | {"capabilities": {"add": ["SYS_PTRACE", "BPF"]}}, id="added to a profile"),
        pytest.param(Privilege(Profile.GENERAL, ("SYS_PTRACE",)), ROOT, PLAIN_ROOT | {"capabilities": {"add": ["SYS_PTRACE"]}}, id="once"),
        pytest.param(Privilege(Profile.GENERAL, cap_drop=("ALL",)), ROOT, PLAIN_ROOT | {"capabilities": {"add": ["SYS_PTRACE"], "drop": ["ALL"]}}, id="nothing else"),
        pytest.param(Privilege(Profile.NETADMIN, cap_drop=("NET_RAW",)), ROOT, PLAIN_ROOT | {"capabilities": {"add": ["NET_ADMIN"], "drop": ["NET_RAW"]}}, id="dropped from a profile"),
        pytest.param(Privilege(privileged=True), ROOT, PLAIN_ROOT | {"privileged": True}, id="privileged: without what it undoes"),
        pytest.param(Privilege(Profile.GENERAL, privileged=True), ROOT, PLAIN_ROOT | {"privileged": True}, id="privileged wins"),
    ],
)  # fmt: skip
def test_what_is_asked_for_is_what_is_added(privilege: Privilege, identity: Identity, expected: dict[str, Any]) -> None:
    pod = make_pod()

    assert security_context(privilege, pod, pod.containers[0], identity) == expected


def test_a_capability_that_the_target_drops_can_be_added() -> None:
    """The runtime adds first and drops then: whatever is in both lists would be lost."""
    pod = make_pod(
        spec={"containers": [{"name": "app", "securityContext": {"capabilities": {"drop": ["KILL", "MKNOD"]}}}]}
    )

    context = security_context(Privilege(cap_add=("KILL",)), pod, pod.containers[0], ROOT)

    assert context["capabilities"] == {"add": ["KILL"], "drop": ["MKNOD"]}


@pytest.mark.parametrize("profile", Profile)
def test_labels_are_mirrored_whatever_the_profile(profile: Profile) -> None:
    labels = {"appArmorProfile": {"type": "Unconfined"}, "seLinuxOptions": {"level": "s0:c1"}}
    pod = make_pod(spec={"containers": [{"name": "app", "securityContext": labels}]})

    assert labels.items() <= security_context(Privilege(profile), pod, pod.containers[0], ROOT).items()


@pytest.mark.parametrize(
    ("privilege", "flags"),
    [
        (Privilege(), ""),
        (Privilege(Profile.NETADMIN, ("SYS_PTRACE", "BPF")), "--profile netadmin --cap-add SYS_PTRACE,BPF"),
        (Privilege(cap_drop=("ALL",), privileged=True), "--cap-drop ALL --privileged"),
    ],
)
def test_it_can_be_typed_again(privilege: Privilege, flags: str) -> None:
    assert privilege.flags == flags


@pytest.mark.parametrize(
    ("profile", "custom", "expected"),
    [
        pytest.param(Profile.AUTO, {"privileged": True}, {k: v for k, v in RESTRICTED.items() if k != "allowPrivilegeEscalation"} | {"privileged": True}, id="auto gives way to what the API refuses beside it"),
        pytest.param(Profile.RESTRICTED, {"privileged": True}, RESTRICTED | {"privileged": True}, id="restricted does not"),
        pytest.param(Profile.BASELINE, {"runAsUser": 5, "capabilities": {"drop": ["KILL"]}}, PLAIN_NONROOT | {"runAsUser": 5, "capabilities": {"drop": ["KILL"]}}, id="it is merged"),
        pytest.param(Profile.GENERAL, {"capabilities": {"add": ["BPF"]}}, PLAIN_NONROOT | {"capabilities": {"add": ["BPF"]}}, id="capabilities are replaced"),
        pytest.param(Profile.GENERAL, {"capabilities": {"drop": ["ALL"]}}, PLAIN_NONROOT | {"capabilities": {"add": ["SYS_PTRACE"], "drop": ["ALL"]}}, id="the other list stays"),
    ],
)  # fmt: skip
def test_a_custom_profile_has_the_last_word(profile: Profile, custom: Json, expected: Json) -> None:
    pod = make_pod()
    privilege = Privilege(profile, custom=Custom("my profile", {"securityContext": custom}))

    assert security_context(privilege, pod, pod.containers[0], NONROOT) == expected
    assert privilege.flags.endswith("--custom 'my profile'")
    assert privilege.is_more
