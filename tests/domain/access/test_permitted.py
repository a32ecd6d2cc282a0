"""Which capabilities a first process has, by its spec and its runtime."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_dshell.domain.access.capabilities import ALL
from kubectl_dshell.domain.access.permitted import no_chroot, permitted
from kubectl_dshell.domain.runtime.capabilities import defaults

RUNTIMES = ["containerd", "docker", "cri-o", "", "rkt"]
NONE: frozenset[str] = frozenset()
EVERY = frozenset({ALL})


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize(
    ("security", "uid", "added", "dropped"),
    [
        ({}, 0, NONE, NONE),
        ({"capabilities": None}, 0, NONE, NONE),
        ({"capabilities": {"add": ["NET_ADMIN"]}}, 0, {"NET_ADMIN"}, NONE),
        ({"capabilities": {"add": ["NET_ADMIN"], "drop": ["chown"]}}, 0, {"NET_ADMIN"}, {"CHOWN"}),
        ({"capabilities": {"add": ["CAP_SYS_CHROOT"]}}, 0, {"SYS_CHROOT"}, NONE),
    ],
)
def test_what_the_spec_says_changes_what_the_runtime_gives(
    runtime: str, security: dict[str, Any], uid: int, added: set[str], dropped: set[str]
) -> None:
    assert permitted(security, uid, runtime) == (defaults(runtime).capabilities | added) - dropped


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize(
    ("security", "uid", "held"),
    [
        ({}, 65532, NONE),
        ({}, None, NONE),
        ({"capabilities": {"add": ["NET_ADMIN"]}}, 65532, NONE),
        ({"privileged": True}, 0, EVERY),
        ({"capabilities": {"add": ["ALL"]}}, 0, EVERY),
        ({"capabilities": {"drop": ["ALL"]}}, 0, NONE),
        ({"capabilities": {"drop": ["ALL"], "add": ["CHOWN"]}}, 0, {"CHOWN"}),
        ({"capabilities": {"drop": ["ALL"], "add": ["CAP_SYS_TIME"]}}, 0, {"SYS_TIME"}),
    ],
)
def test_what_the_spec_decides_is_the_same_with_every_runtime(
    runtime: str, security: dict[str, Any], uid: int | None, held: set[str]
) -> None:
    assert permitted(security, uid, runtime) == held


@pytest.mark.parametrize(
    ("security", "uid", "runtime", "why"),
    [
        ({"capabilities": {"drop": ["ALL"]}}, 65532, "containerd", "user 65532 cannot have"),
        ({"capabilities": {"drop": ["ALL"]}}, 0, "containerd", "the debug container drops"),
        ({"capabilities": {"drop": ["SYS_CHROOT"]}}, 0, "docker", "the debug container drops"),
        ({"capabilities": {"drop": ["NET_RAW"], "add": ["SYS_TIME"]}}, 0, "containerd", ""),
        ({"capabilities": {"drop": ["ALL"], "add": ["SYS_CHROOT"]}}, 0, "cri-o", ""),
        ({"capabilities": {"add": ["ALL"]}}, 0, "cri-o", ""),
        ({"privileged": True}, 0, "cri-o", ""),
        ({}, 0, "containerd", ""),
        ({}, 0, "docker", ""),
        ({}, 0, "", ""),
        ({}, 0, "cri-o", "CRI-O does not give to root by default"),
        ({"capabilities": {"add": ["NET_ADMIN"]}}, 0, "cri-o", "CRI-O does not give to root by default"),
    ],
)
def test_who_cannot_change_its_root_directory(security: dict[str, Any], uid: int, runtime: str, why: str) -> None:
    said = no_chroot(uid, permitted(security, uid, runtime), runtime)

    assert said == (f"it takes the capability SYS_CHROOT, which {why}" if why else "")
