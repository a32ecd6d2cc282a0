"""The kernel's rule, told back to the user."""

from __future__ import annotations

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from kubectl_dshell.domain.access.root_access import how_to_enter, why_denied
from tests.domain.access.test_identity import facts
from tests.pods import make_pod

COMMAND = "kubectl dshell web -n shop"
POD = make_pod()


@pytest.mark.parametrize(
    ("changes", "why", "opens"),
    [
        pytest.param({"our_uid": 65532, "our_caps": 0}, "the app runs as user 101 and the debug container as 65532", "--run-as 101:101", id="uid"),
        pytest.param({"our_uid": 101, "our_gid": 0, "our_caps": 0}, "the app runs as group 101 and the debug container as 0", "--run-as 101:101", id="gid"),
        pytest.param({"our_uid": 101, "our_gid": 101, "our_caps": 0, "caps": 0x400}, "the app holds the capability NET_BIND_SERVICE (from its binary), which a debug container of the same user cannot hold", "--profile general", id="file capability"),
        pytest.param({"our_uid": 101, "our_gid": 101, "our_caps": 0, "dumpable": False}, "the app's process is not dumpable (it changed user without exec, or set PR_SET_DUMPABLE to 0)", "--profile general", id="not dumpable"),
        pytest.param({"uid": (0, 101, 101, 101), "our_caps": 0}, "IDs differ (uid 0/101/101, gid 101/101/101), so no single user matches", "--profile general", id="mixed ids"),
        pytest.param({"our_uid": 101, "our_gid": 101, "our_caps": 0}, "a security module on the node (AppArmor, SELinux) keeps the two containers apart", "--profile general", id="nothing else left"),
        pytest.param({"pid": 0, "uid": None, "gid": None}, "no process of the app is visible", f"Retry with: {COMMAND}", id="not visible"),
        pytest.param({"uid": (0,) * 4, "gid": (0,) * 4, "caps": 0x200000, "our_caps": 0}, "the app holds the capability SYS_ADMIN, and the debug container does not", "--profile general", id="root with more"),
        pytest.param({"our_caps": 0, "dumpable": False}, "the app's process is not dumpable", "--profile general", id="not dumpable before another uid"),
        pytest.param({"our_uid": 65532, "our_caps": 0, "caps": 0x400}, "the app holds the capability NET_BIND_SERVICE", "--profile general", id="capability before another uid"),
        pytest.param({"uid": (0,) * 4, "gid": (0,) * 4, "caps": 0xA80425FB, "our_uid": 65532, "our_caps": 0}, "the app runs as user 0 and the debug container as 65532", "--run-as 0:0", id="root, and we are not"),
    ],
)  # fmt: skip
def test_the_clause_that_fails_is_named_with_what_would_open(
    changes: dict[str, Any], why: str, opens: str, snapshot: SnapshotAssertion
) -> None:
    measured = facts(**changes)

    assert why in why_denied(measured, POD)
    assert opens in how_to_enter(measured, COMMAND)
    assert [why_denied(measured, POD), how_to_enter(measured, COMMAND)] == snapshot


@pytest.mark.parametrize(
    ("runtime_class", "shared", "why"),
    [
        ("gvisor", False, "(the app restarted, or its PID namespace is not shared by the runtime class gvisor of"),
        ("kata-qemu", False, "so it takes a pod with shareProcessNamespace: true)"),
        ("kata-qemu", True, "(the app restarted, or its PID namespace is not shared by the runtime class kata-qemu of"),
        ("nvidia", False, "(the app restarted, or its PID namespace is not shared by the runtime class nvidia of"),
    ],
)
def test_an_app_that_is_not_seen_may_be_hidden_by_its_runtime(runtime_class: str, *, shared: bool, why: str) -> None:
    pod = make_pod(spec={"runtimeClassName": runtime_class, "shareProcessNamespace": shared})

    assert why in why_denied(facts(pid=0, uid=None, gid=None), pod)


NOT_SEEN: dict[str, Any] = {"pid": 0, "uid": None, "gid": None}


def test_an_app_that_selinux_hides_is_said_to_be_hidden_by_it() -> None:
    measured = facts(**NOT_SEEN, hidden=True)

    assert why_denied(measured, POD) == (
        "no process of the app is visible from the debug container "
        "(SELinux keeps the two containers apart: their labels differ)"
    )
    assert how_to_enter(measured, COMMAND) == (
        f"Enter with the label of a privileged container: {COMMAND} --profile sysadmin"
    )


def test_among_the_processes_of_the_node_the_first_is_hidden_from_everybody() -> None:
    pod = make_pod(spec={"hostPID": True})

    assert "the app restarted" in why_denied(facts(**NOT_SEEN, hidden=True), pod)
    assert how_to_enter(facts(**NOT_SEEN), COMMAND) == f"Retry with: {COMMAND}"


EVERY = (1 << 41) - 1
"""What a privileged container has."""
AS_GENERAL = 0xA80425FB | 1 << 19
"""What `--profile general` has: the runtime's default, and SYS_PTRACE."""


@pytest.mark.parametrize("theirs", [EVERY, 0xA80425FB, 0])
@pytest.mark.parametrize("app", [0, 101])
def test_with_ptrace_the_kernel_compares_neither_users_nor_capabilities(theirs: int, app: int) -> None:
    """So nothing but a security module is left (cap_ptrace_access_check; security/commoncap.c)."""
    measured = facts(uid=(app,) * 4, gid=(app,) * 4, caps=theirs, our_uid=0, our_gid=0, our_caps=AS_GENERAL)

    assert (
        why_denied(measured, POD) == "a security module on the node (AppArmor, SELinux) keeps the two containers apart"
    )


def test_a_privileged_app_that_a_module_keeps_apart_is_entered_privileged() -> None:
    """AppArmor before Kubernetes 1.30 (no field exempts a container), and SELinux."""
    measured = facts(uid=(0,) * 4, gid=(0,) * 4, caps=EVERY, our_uid=0, our_gid=0, our_caps=EVERY)

    assert how_to_enter(measured, COMMAND, alone_privileged=True) == (
        "The app is privileged, so the security module does not confine it. "
        f"Enter as it is: {COMMAND} --profile sysadmin"
    )
    assert "--profile" not in how_to_enter(measured, COMMAND)
    assert "--run-as 101:101" in how_to_enter(facts(our_uid=65532, our_caps=0), COMMAND, alone_privileged=True)


def test_who_had_ptrace_already_is_not_sent_to_get_it() -> None:
    assert "--profile" not in how_to_enter(facts(our_caps=1 << 19), COMMAND)
