"""What cannot have its effect is refused, with the reason and the next command."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.domain.access.custom import Custom
from kubectl_dshell.domain.access.identity import Identity, Source
from kubectl_dshell.domain.access.privilege import Privilege, Profile, security_context
from kubectl_dshell.domain.access.privilege_check import PrivilegeCheck
from kubectl_dshell.domain.access.target import Target
from kubectl_dshell.errors import Forbidden
from tests.pods import make_pod, running

AGAIN = "kubectl dshell web -n shop"
APP, ROOT = Identity(65532, 65532, Source.STATUS), Identity(0, 0, Source.STATUS)
AS_ROOT, TOLD = Identity(0, 0, Source.PROFILE), Identity(1000, 0, Source.GIVEN)
IS_APP, IS_ROOT = (65532, 65532), (0, 0)


def check(privilege: Privilege, identity: Identity, user: tuple[int, int] | None, **spec: Any) -> PrivilegeCheck:
    pod = make_pod(statuses=[running(user=user)])
    pod = pod._replace(spec={**pod.spec, **spec})
    context = security_context(privilege, pod, pod.containers[0], identity)
    return PrivilegeCheck(privilege, context, Target(pod, pod.containers[0]), identity, AGAIN)


@pytest.mark.parametrize(
    ("privilege", "identity", "user", "why", "advice"),
    [
        pytest.param(Privilege(cap_add=("SYS_PTRACE",)), APP, IS_APP, "SYS_PTRACE would have no effect: the debug container would run as 65532:65532 (from the container's status), and only root gets capabilities", f"Run as root: {AGAIN} --profile general", id="capability of the app's user"),
        pytest.param(Privilege(cap_add=("BPF", "KILL")), APP, IS_APP, "BPF, KILL would have no effect", f"Run as root: {AGAIN} --profile general --cap-add BPF,KILL", id="two of them"),
        pytest.param(Privilege(Profile.BASELINE, ("BPF",)), APP, IS_APP, "BPF would have no effect", f"Run as root: {AGAIN} --profile general --cap-add BPF", id="in baseline"),
        pytest.param(Privilege(privileged=True), APP, IS_APP, "privileged would have no effect", f"Run as root: {AGAIN} --profile sysadmin", id="privileged app's user"),
        pytest.param(Privilege(Profile.NETADMIN), TOLD, IS_APP, "NET_ADMIN, NET_RAW would have no effect: the debug container would run as 1000:0 (from --run-as)", f"Run as root: {AGAIN} --profile netadmin", id="another user than the profile's"),
        pytest.param(Privilege(Profile.RESTRICTED), ROOT, IS_ROOT, "--profile restricted never runs as root, and the debug container would run as 0:0 (from the container's status)", f"Run with the privileges of the app: {AGAIN}", id="restricted root"),
        pytest.param(Privilege(Profile.NETADMIN), AS_ROOT, IS_APP, "as 0:0 (from --profile) without SYS_PTRACE the debug container cannot read the app's files: the app runs as 65532:65532", f"Add it: {AGAIN} --profile netadmin --cap-add SYS_PTRACE", id="root is not enough"),
        pytest.param(Privilege(Profile.GENERAL, cap_drop=("SYS_PTRACE", "KILL")), AS_ROOT, IS_APP, "without SYS_PTRACE the debug container cannot read", f"Add it: {AGAIN} --profile general --cap-add SYS_PTRACE --cap-drop KILL", id="it was dropped"),
        pytest.param(Privilege(cap_add=("ALL",), cap_drop=("SYS_PTRACE",)), Identity(0, 0, Source.GIVEN), IS_APP, "as 0:0 (from --run-as) without SYS_PTRACE", f"Add it: {AGAIN} --run-as 0 --cap-add ALL,SYS_PTRACE", id="all but that"),
        pytest.param(Privilege(Profile.BASELINE), TOLD, IS_APP, "as 1000:0 (from --run-as) the debug container cannot read the app's files: the app runs as 65532:65532", f"Run as the user of the app: {AGAIN} --profile baseline", id="another user"),
    ],
)  # fmt: skip
def test_it_is_refused(privilege: Privilege, identity: Identity, user: tuple[int, int], why: str, advice: str) -> None:
    with pytest.raises(Forbidden) as refusal:
        check(privilege, identity, user).refuse()

    assert why in refusal.value.message
    assert refusal.value.advice == (advice,)


@pytest.mark.parametrize(
    ("privilege", "identity", "user"),
    [
        pytest.param(Privilege(Profile.RESTRICTED), APP, IS_APP, id="restricted"),
        pytest.param(Privilege(Profile.BASELINE), ROOT, IS_ROOT, id="baseline root"),
        pytest.param(Privilege(Profile.GENERAL), AS_ROOT, IS_APP, id="general"),
        pytest.param(Privilege(Profile.NETADMIN), AS_ROOT, IS_ROOT, id="netadmin, of root"),
        pytest.param(Privilege(Profile.NETADMIN), AS_ROOT, None, id="netadmin, of whom nobody knows"),
        pytest.param(Privilege(Profile.NETADMIN, ("SYS_PTRACE",)), AS_ROOT, IS_APP, id="netadmin that enters"),
        pytest.param(Privilege(Profile.SYSADMIN), AS_ROOT, IS_APP, id="sysadmin"),
        pytest.param(Privilege(cap_add=("ALL",)), AS_ROOT, IS_APP, id="all capabilities"),
        pytest.param(Privilege(cap_drop=("KILL",)), APP, IS_APP, id="less"),
        pytest.param(Privilege(Profile.BASELINE), TOLD, IS_ROOT, id="the app may have stepped down"),
    ],
)
def test_what_may_work_is_tried(privilege: Privilege, identity: Identity, user: tuple[int, int] | None) -> None:
    checked = check(privilege, identity, user)

    checked.refuse()
    assert checked.notice == ""


def test_a_user_namespace_of_its_own_has_no_power_over_the_node() -> None:
    with pytest.raises(Forbidden) as refusal:
        check(Privilege(Profile.GENERAL, ("SYS_TIME", "NET_ADMIN")), AS_ROOT, IS_APP, hostUsers=False).refuse()
    privileged = check(Privilege(Profile.SYSADMIN), AS_ROOT, IS_APP, hostUsers=False)

    assert "SYS_TIME would have no effect: web has its own user namespace (hostUsers: false)" in refusal.value.message
    assert refusal.value.advice == (f"Omit it: {AGAIN} --profile general --cap-add NET_ADMIN",)
    privileged.refuse()
    assert privileged.notice.startswith("web has its own user namespace (hostUsers: false), so privileged")


IN_FILE = Identity(1000, 0, Source.CUSTOM)


@pytest.mark.parametrize(
    ("profile", "security", "identity", "why", "advice"),
    [
        pytest.param(Profile.AUTO, {"runAsUser": 1000, "capabilities": {"add": ["BPF"]}}, IN_FILE, "BPF would have no effect: the debug container would run as 1000:0 (from --custom)", "Run as root: runAsUser: 0 in f.yaml", id="its user"),
        pytest.param(Profile.BASELINE, {"privileged": True}, APP, "privileged would have no effect", f"Run as root: {AGAIN} --profile sysadmin --custom f.yaml", id="the app's user"),
        pytest.param(Profile.GENERAL, {"runAsNonRoot": True}, AS_ROOT, "--custom f.yaml never runs as root", f"Run with the privileges of the app: {AGAIN}", id="no root"),
        pytest.param(Profile.GENERAL, {"capabilities": {"add": ["BPF"]}}, AS_ROOT, "without SYS_PTRACE", "Add it in f.yaml: capabilities: {add: [SYS_PTRACE, BPF]}", id="it replaces SYS_PTRACE"),
        pytest.param(Profile.NETADMIN, {"runAsUser": 0}, Identity(0, 0, Source.CUSTOM), "without SYS_PTRACE", f"Add it: {AGAIN} --profile netadmin --cap-add SYS_PTRACE --custom f.yaml", id="it leaves capabilities alone"),
    ],
)  # fmt: skip
def test_a_custom_profile_is_refused(
    profile: Profile, security: dict[str, Any], identity: Identity, why: str, advice: str
) -> None:
    privilege = Privilege(profile, custom=Custom("f.yaml", {"securityContext": security}))

    with pytest.raises(Forbidden) as refusal:
        check(privilege, identity, IS_APP).refuse()

    assert why in refusal.value.message
    assert refusal.value.advice == (advice,)


def test_a_custom_profile_has_no_power_over_the_node_either() -> None:
    custom = Custom("f.yaml", {"securityContext": {"capabilities": {"add": ["SYS_PTRACE", "BPF"]}}})

    with pytest.raises(Forbidden, match="BPF would have no effect") as refusal:
        check(Privilege(Profile.GENERAL, custom=custom), AS_ROOT, IS_APP, hostUsers=False).refuse()

    assert refusal.value.advice == ("Omit it in f.yaml",)
