"""What --trace adds, and what is to be typed where that does not suffice."""

from __future__ import annotations

import pytest

from kubectl_dshell.domain.access.custom import Custom
from kubectl_dshell.domain.access.identity import Identity, Source
from kubectl_dshell.domain.access.privilege import Privilege, Profile, security_context, traces_by_choice
from kubectl_dshell.domain.access.tracing import node_profile, remedy, without
from tests.pods import make_pod, running

TRACE = Privilege(trace=True)
COMMAND = "kubectl dshell web --trace"


@pytest.mark.parametrize(
    ("privilege", "uid", "adds"),
    [
        (TRACE, 0, True),
        (TRACE, 65532, False),
        (Privilege(), 0, False),
        (TRACE._replace(cap_drop=("SYS_PTRACE",)), 0, False),
        (TRACE._replace(cap_drop=("ALL",)), 0, False),
        (TRACE._replace(cap_drop=("MKNOD",)), 0, True),
        (TRACE._replace(profile=Profile.NETADMIN), 0, True),
        (TRACE._replace(profile=Profile.GENERAL), 0, False),
        (TRACE._replace(profile=Profile.SYSADMIN), 0, False),
        (TRACE._replace(privileged=True), 0, False),
    ],
)
def test_only_root_gets_the_capability_unless_it_has_it(privilege: Privilege, uid: int, *, adds: bool) -> None:
    pod = make_pod(statuses=[running(user=(uid, uid))])
    identity = Identity(uid, uid, Source.STATUS)

    made, untraced = (
        security_context(one, pod, pod.containers[0], identity) for one in (privilege, privilege._replace(trace=False))
    )

    assert traces_by_choice(privilege, uid) is adds
    assert ("SYS_PTRACE" in made.get("capabilities", {}).get("add", [])) is (
        adds or privilege.profile is Profile.GENERAL
    )
    assert (made == untraced) is not adds


@pytest.mark.parametrize(
    ("privilege", "uid", "said"),
    [
        (TRACE, 65532, f"Attach as root with SYS_PTRACE: {COMMAND} --profile general"),
        (TRACE._replace(cap_drop=("SYS_PTRACE",)), 0, f"Attach as root with SYS_PTRACE: {COMMAND}"),
        (TRACE._replace(cap_drop=("MKNOD", "ALL")), 0, f"Attach as root with SYS_PTRACE: {COMMAND} --cap-drop MKNOD"),
        (
            TRACE._replace(custom=Custom("mine.yaml", {})),
            65532,
            "Set runAsUser: 0 and capabilities: {add: [SYS_PTRACE]} in mine.yaml",
        ),
    ],
)
def test_what_to_type_for_root_with_the_capability(privilege: Privilege, uid: int, said: str) -> None:
    assert remedy(COMMAND, privilege, uid) == said


def test_what_to_type_without_the_capability() -> None:
    assert without(COMMAND, TRACE._replace(cap_add=("NET_ADMIN",))) == (
        "Without SYS_PTRACE, which is enough if the node's kernel.yama.ptrace_scope is 0: "
        f"{COMMAND} --cap-add NET_ADMIN --cap-drop SYS_PTRACE"
    )


def test_a_profile_of_the_node_is_known_by_its_name() -> None:
    local = {"type": "Localhost", "localhostProfile": "profiles/own.json"}

    assert node_profile({"seccompProfile": local}) == "profiles/own.json"
    assert node_profile({"seccompProfile": {"type": "RuntimeDefault"}}) == node_profile({}) == ""
