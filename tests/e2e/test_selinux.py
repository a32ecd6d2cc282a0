"""On a node that enforces SELinux, a debug container has the label that the runtime gives its target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .node import run
from .pods import STATIC, STATIC_ROOT, Pod, app
from .processes import processes_of

if TYPE_CHECKING:
    from .cluster import Json
    from .conftest import MakePod
    from .program import Dshell

OWN = "-fill=/tmp/own=16"  # a file of mode 0600 that belongs to the app, whoever it is
ENTER = ("--", "sh", "-c", "tr -d '\\0' </proc/self/attr/current; echo; wc -c <tmp/own")
SELINUX, QUICK = pytest.mark.nodes(module="selinux"), pytest.mark.nodes(quick=True, module="selinux")


def label(pod: Pod, container: str = "app") -> str:
    """As the node tells it: user:role:type:level."""
    first, *_ = processes_of(pod.container_id(container))
    return run(f"tr -d '\\0' </proc/{first.pid}/attr/current").decode().strip()


@QUICK
def test_the_node_enforces_selinux() -> None:
    assert run("cat /sys/fs/selinux/enforce") == b"1"


@pytest.mark.parametrize(
    ("container", "spec", "expected"),
    [
        pytest.param({}, {}, "container_t:s0:c", id="of the pod's own level", marks=QUICK),
        pytest.param({}, {"hostNetwork": True}, "container_t:s0:c", id="of the node's network", marks=SELINUX),
        pytest.param({}, {"hostPID": True}, "container_t:s0:c", id="among the node's processes", marks=SELINUX),
        pytest.param(
            {"seLinuxOptions": {"level": "s0:c7,c8"}}, {}, "container_t:s0:c7,c8", id="of its own level", marks=QUICK
        ),
        pytest.param(
            {},
            {"securityContext": {"seLinuxOptions": {"level": "s0:c7,c8"}}},
            "container_t:s0:c7,c8",
            id="of a level in the pod",
            marks=SELINUX,
        ),
    ],
)
def test_an_app_is_entered_with_its_own_label(
    make_pod: MakePod, dshell: Dshell, container: Json, spec: Json, expected: str
) -> None:
    pod = make_pod(app(STATIC, OWN, securityContext=container), **spec)

    entered = dshell(pod.name, *ENTER)

    assert (entered.code, entered.stderr) == (0, "")
    ours, size = entered.stdout.decode().split()
    assert (ours, size) == (label(pod), "16")
    assert ours.startswith(f"system_u:system_r:{expected}")


@QUICK
def test_a_privileged_app_is_entered_as_what_the_policy_makes_it(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(app(STATIC_ROOT, OWN, securityContext={"privileged": True}))

    entered = dshell(pod.name, *ENTER)

    assert (entered.code, entered.stderr) == (0, "")
    assert entered.stdout.decode().split()[1:] == ["16"]
    assert ":spc_t:" in entered.stdout.decode()
    assert label(pod) == "system_u:system_r:spc_t:s0"


@SELINUX
def test_with_shared_processes_containers_of_different_levels_are_entered_each_by_its_own(
    make_pod: MakePod, dshell: Dshell
) -> None:
    levels = {"one": "s0:c1,c2", "other": "s0:c3,c4"}
    containers = [
        app(STATIC, OWN, f"-port={port}", name=name, securityContext={"seLinuxOptions": {"level": levels[name]}})
        for name, port in (("one", ""), ("other", "8080"))
    ]
    pod = make_pod(*containers, shareProcessNamespace=True)

    for name, level in levels.items():
        entered = dshell(pod.name, "-c", name, *ENTER)
        assert (entered.code, entered.stderr) == (0, "")
        assert entered.stdout.decode().split() == [f"system_u:system_r:container_t:{level}", "16"]


@QUICK
def test_a_type_without_a_level_is_a_level_that_nobody_else_has(make_pod: MakePod, dshell: Dshell) -> None:
    """containerd takes another one for each container."""
    pod = make_pod(app(STATIC, OWN, securityContext={"seLinuxOptions": {"type": "container_t"}}))

    refused = dshell(pod.name, *ENTER)
    privileged = dshell(pod.name, "--profile", "sysadmin", *ENTER)

    assert (refused.code, refused.stdout) == (77, b"")
    assert "(SELinux keeps the two containers apart: their labels differ)" in refused.stderr
    assert refused.stderr.rstrip().endswith("--profile sysadmin")
    assert (privileged.code, privileged.stderr) == (0, "")
    assert privileged.stdout.decode().split() == ["system_u:system_r:spc_t:s0", "16"]
