"""Privilege that is asked for: each profile against apps that are root and apps that are not, under policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from kubectl_dshell.domain.access.capabilities import capability_names
from tests.waiting import wait_until

from .pods import RESTRICTED, STATIC, STATIC_ROOT, add_by_hand, app
from .policies import rewriting

if TYPE_CHECKING:
    from .cluster import Cluster
    from .conftest import MakeNamespace, MakePod
    from .pods import Pod
    from .program import Dshell, Result

OWN = "-fill=/tmp/own=16"  # a file of mode 0600 that belongs to the app
LOOK = ("--", "sh", "-c", "id -u; wc -c <tmp/own; grep CapEff /proc/self/status")
OWN_USERS = "has its own user namespace (hostUsers: false)"
DEFAULTS = {"CHOWN", "DAC_OVERRIDE", "KILL", "SETUID", "NET_BIND_SERVICE", "MKNOD"}  # some of containerd's


class Seen(NamedTuple):
    user: int
    capabilities: set[str]


def seen(done: Result) -> Seen:
    """Who the session was, and what it had; it has read the app's own file."""
    assert done.code == 0, done.stderr
    user, size, effective = done.stdout.decode().splitlines()
    assert size == "16"
    return Seen(int(user), set(capability_names(int(effective.split()[1], 16)).split(", ")) - {""})


@pytest.mark.parametrize(
    ("profile", "has", "has_not"),
    [
        ("auto", DEFAULTS, {"SYS_PTRACE", "NET_ADMIN", "SYS_ADMIN"}),
        ("baseline", DEFAULTS, {"SYS_PTRACE", "NET_ADMIN", "SYS_ADMIN"}),
        ("general", DEFAULTS | {"SYS_PTRACE"}, {"NET_ADMIN", "SYS_ADMIN"}),
        ("netadmin", DEFAULTS | {"NET_ADMIN", "NET_RAW"}, {"SYS_PTRACE", "SYS_ADMIN"}),
        ("sysadmin", DEFAULTS | {"SYS_PTRACE", "SYS_ADMIN", "SYS_MODULE"}, set()),
    ],
)
def test_an_app_that_is_root(make_pod: MakePod, dshell: Dshell, profile: str, has: set[str], has_not: set[str]) -> None:
    pod = make_pod(app(STATIC_ROOT, OWN))

    who = seen(dshell(pod.name, "--profile", profile, *LOOK))

    assert who.user == 0
    assert has <= who.capabilities
    assert not has_not & who.capabilities


@pytest.mark.parametrize(
    ("flags", "user", "has"),
    [
        (("auto",), 65532, set()),
        (("restricted",), 65532, set()),
        (("baseline",), 65532, set()),
        (("general",), 0, DEFAULTS | {"SYS_PTRACE"}),
        (("general", "--cap-add=NET_ADMIN", "--cap-drop=MKNOD"), 0, DEFAULTS - {"MKNOD"} | {"SYS_PTRACE", "NET_ADMIN"}),
        (("netadmin", "--cap-add=SYS_PTRACE"), 0, DEFAULTS | {"SYS_PTRACE", "NET_ADMIN", "NET_RAW"}),
        (("sysadmin",), 0, DEFAULTS | {"SYS_PTRACE", "SYS_ADMIN", "SYS_MODULE"}),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_an_app_that_is_not(
    make_pod: MakePod, dshell: Dshell, flags: tuple[str, ...], user: int, has: set[str]
) -> None:
    pod = make_pod(app(STATIC, OWN))

    who = seen(dshell(pod.name, "--profile", *flags, *LOOK))

    assert who.user == user
    assert has <= who.capabilities
    assert has or not who.capabilities
    assert "MKNOD" in has or "MKNOD" not in who.capabilities


@pytest.mark.parametrize(
    ("image", "flags", "why", "instead"),
    [
        pytest.param(STATIC_ROOT, "--profile restricted", "--profile restricted never runs as root", "", id="root under restricted"),
        pytest.param(STATIC, "--profile netadmin", "without SYS_PTRACE the debug container cannot read the app's files: the app runs as 65532:65532", "--profile netadmin --cap-add SYS_PTRACE", id="root without SYS_PTRACE"),
        pytest.param(STATIC, "--cap-add SYS_PTRACE", "SYS_PTRACE would have no effect", "--profile general", id="a capability of the app's user"),
        pytest.param(STATIC, "--privileged", "privileged would have no effect", "--profile sysadmin", id="privileged, as the app's user"),
        pytest.param(STATIC, "--profile general --run-as 65532", "SYS_PTRACE would have no effect", "--profile general", id="another user than the profile's"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_and_what_is_suggested_works(
    make_pod: MakePod, dshell: Dshell, image: str, flags: str, why: str, instead: str
) -> None:
    pod = make_pod(app(image, OWN))

    refused = dshell(pod.name, *flags.split(), *LOOK)
    added = pod.debug_containers()
    reason, advice = refused.stderr.splitlines()
    command = advice.partition(": ")[2]
    done = dshell(*command.removeprefix("kubectl dshell ").split(), *LOOK)

    assert (refused.code, refused.stdout, added) == (77, b"", {})
    assert why in reason
    assert command == f"kubectl dshell {pod.name} -n {pod.namespace} {instead}".rstrip()
    seen(done)


@pytest.mark.parametrize(
    "flags",
    ["--profile baseline", "--profile general", "--profile netadmin --cap-add SYS_PTRACE", "--profile sysadmin", "--run-as 0 --cap-add SYS_PTRACE"],
)  # fmt: skip
def test_a_namespace_that_enforces_restricted_refuses_more_and_nothing_is_added(
    make_namespace: MakeNamespace, make_pod: MakePod, dshell: Dshell, flags: str
) -> None:
    pod = make_pod(app(securityContext=RESTRICTED), namespace=make_namespace("restricted"))
    where = (pod.name, "-n", pod.namespace)

    refused = dshell(*where, *flags.split(), "--", "true")

    assert (refused.code, refused.stdout, pod.debug_containers()) == (77, b"", {})
    first, _, claim, advice = refused.stderr.splitlines()
    assert first == 'error: the namespace\'s Pod Security level "restricted" does not allow the debug container:'
    assert claim == "Nothing was added to the pod."
    assert advice.startswith("An administrator of the namespace can allow it: ")
    for profile in ("auto", "restricted"):
        assert dshell(*where, "--profile", profile, "--", "true").code == 0


def test_only_more_privilege_costs_a_dry_run(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(app(STATIC_ROOT))

    usual, general = (dshell(pod.name, "--profile", profile, "-v6", "--", "true") for profile in ("auto", "general"))

    asked = [[word for word in done.stderr.split() if word.endswith("?dryRun=All")] for done in (usual, general)]
    assert [usual.code, general.code, *map(len, asked)] == [0, 0, 0, 1]


def test_in_a_user_namespace_root_is_root_of_the_pod_only(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(app(STATIC, OWN), hostUsers=False)
    make_device = ("--", "mknod", "/tmp/null", "c", "1", "3")

    refused = dshell(pod.name, "--profile=general", "--cap-add=SYS_TIME,MKNOD,NET_ADMIN", "--", "true")
    added = pod.debug_containers()
    entered = dshell(pod.name, "--profile=general", "--cap-add=NET_ADMIN", *LOOK)
    device = dshell(pod.name, "--profile=general", *make_device)
    privileged = dshell(pod.name, "--profile=sysadmin", *LOOK)

    assert (refused.code, added) == (77, {})
    assert refused.stderr.splitlines() == [
        f"error: SYS_TIME, MKNOD would have no effect: {pod.name} {OWN_USERS}, and the kernel asks for it in the node's",
        f"Omit it: kubectl dshell {pod.name} -n {pod.namespace} --profile general --cap-add NET_ADMIN",
    ]
    assert {"SYS_PTRACE", "NET_ADMIN", "MKNOD"} <= seen(entered).capabilities  # MKNOD is there, and of no use
    assert b"Operation not permitted" in device.stderr.encode()
    assert seen(privileged).user == 0
    assert privileged.stderr == f"{pod.name} {OWN_USERS}, so privileged gives no power over its node\n"


STRIP = """
    object.spec.?ephemeralContainers.orValue([]).exists(entry, entry.?securityContext.?capabilities.?add.hasValue()) ? [
        JSONPatch{op: "remove", path: "/spec/ephemeralContainers/0/securityContext/capabilities"}
    ] : []"""


@pytest.mark.needs_api("MutatingAdmissionPolicy")
def test_no_name_is_spent_where_admission_takes_the_privilege_away(
    cluster: Cluster, make_namespace: MakeNamespace, make_pod: MakePod, dshell: Dshell
) -> None:
    namespace = make_namespace()

    def stripped() -> bool:
        probe = make_pod(namespace=namespace)
        add_by_hand(probe, {"name": "other", "securityContext": {"capabilities": {"add": ["SYS_PTRACE"]}}})
        return "capabilities" not in probe.debug_containers()["other"].spec["securityContext"]

    with rewriting(cluster, namespace, STRIP):
        wait_until(stripped, 60, "the policy in force")
        pod: Pod = make_pod(namespace=namespace)
        refused = dshell(pod.name, "-n", namespace, "--profile", "general", "--", "true")

    assert (refused.code, pod.debug_containers()) == (77, {})
    assert refused.stderr.splitlines() == [
        "error: the cluster's admission would give the debug container other privileges than were asked for:",
        '  admission removed securityContext.capabilities: {"add":["SYS_PTRACE"]}',
        "Nothing was added to the pod.",
        "A cluster administrator can exempt it.",
    ]
