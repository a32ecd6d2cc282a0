from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from hack.cluster import needs, packages, toolchain
from hack.cluster.errors import ClusterError
from hack.cluster.layout import Layout

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="clusters are built on Linux")

GIB = 1 << 30
_V1 = """\
25 21 0:22 / /cpu rw,relatime shared:5 - cgroup cgroup rw,cpu,cpuacct
26 21 0:23 / /memory rw - cgroup cgroup rw,memory
"""
_UNPRIVILEGED = r"unshare: .*(Operation not permitted|Permission denied)"
"""What every try says in a container that may not make namespaces, whatever its kernel has."""


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """Has all that it takes."""
    monkeypatch.setenv("DSHELL_CLUSTER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(packages.Package, "missing", property(lambda _: False))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(900 * GIB, 0, 900 * GIB))
    monkeypatch.setattr(needs, "available", lambda _: 64 * GIB)
    monkeypatch.setattr(needs, "controllers", lambda _: {"cpu", "cpuset", "memory"})
    monkeypatch.setattr(needs, "cgroup_folders", lambda *_: [tmp_path / "dshell"])
    monkeypatch.setattr(needs, "_FEATURES", {})
    monkeypatch.setattr(toolchain, "missing", lambda _: [])
    monkeypatch.setattr(toolchain, "caches", lambda: [tmp_path / "go-build", tmp_path / "modules"])
    return Layout("a", tmp_path)


def said(layout: Layout, *, programs: bool = True, images: bool = True) -> list[str]:
    with pytest.raises(ClusterError) as refused:
        needs.require(layout, programs=programs, images=images)
    first, *found, last = str(refused.value).splitlines()
    assert first == "this machine lacks what the cluster needs; nothing was built or started:"
    assert "DSHELL_E2E_KUBECONFIG" in last
    assert all(line.startswith("  - ") for line in found)
    return [line.removeprefix("  - ") for line in found]


def test_a_machine_that_has_all_is_let_through(machine: Layout) -> None:
    needs.require(machine, programs=True, images=True)


def test_all_that_is_missing_is_in_one_list(machine: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(packages.Package, "missing", property(lambda package: package.name in {"gcc", "iproute2"}))
    monkeypatch.setattr(shutil, "which", lambda program, **_: f"/usr/bin/{program}")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(9 * GIB, 8 * GIB, GIB))
    monkeypatch.setattr(needs, "available", lambda _: GIB)
    monkeypatch.setattr(needs, "controllers", lambda _: {"cpu"})
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(toolchain, "missing", lambda module: [f"{module.partition('@')[0]} out of reach"])

    assert said(machine) == [
        "root: it makes namespaces, mounts and control groups; type the same with sudo, or as root",
        "Debian packages; type: sudo apt-get install -y iproute2 gcc",
        (
            f"disk space: 9.5 GiB for {tmp_path}/a, {tmp_path}/cache, {tmp_path}/go-build, {tmp_path}/modules, where 1.0 GiB "
            "are free; make room, or set DSHELL_CLUSTER_CACHE, DSHELL_CLUSTER_STATE and GOCACHE to folders elsewhere"
        ),
        "memory: 3.0 GiB to compile Kubernetes, and 1.0 GiB are free; end what uses it, or add swap space",
        (
            "control groups with cpuset, memory: mount them below /sys/fs/cgroup, or enable them with the kernel's "
            "parameter cgroup_enable="
        ),
        (
            f"control groups to write to: {tmp_path} cannot be written; in a container, start it with "
            "--privileged --cgroupns=host"
        ),
        "k8s.io/kubernetes out of reach",
    ]


def test_what_is_built_already_asks_for_less(machine: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages.Package, "missing", property(lambda package: package.name == "gcc"))
    monkeypatch.setattr(needs, "available", lambda _: 2 * GIB)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(9 * GIB, 6 * GIB, 3 * GIB))
    monkeypatch.setattr(toolchain, "missing", lambda _: ["no proxy"])

    needs.require(machine, programs=False, images=True)
    assert "no proxy" in said(machine)


def test_what_the_kernel_lacks_is_tried(machine: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs, "_UNSHARE", ("env",))
    monkeypatch.setattr(
        needs, "_FEATURES", {"bridges": ("sh", "-c", "echo no bridge >&2; exit 2"), "mounts": ("true",)}
    )

    assert said(machine) == ["in the kernel, bridges: sh -c echo no bridge >&2; exit 2 says 'no bridge'"]


@pytest.mark.skipif(os.geteuid() != 0, reason="namespaces are for root")
def test_a_try_leaves_nothing_behind(machine: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    before = sorted(Path("/mnt").iterdir())

    told = [one for one in needs._kernel(machine) if "overlay" not in one]

    assert [one for one in told if not re.search(_UNPRIVILEGED, one)] == []
    assert sorted(Path("/mnt").iterdir()) == before
    assert not Path("/sys/class/net/dshell0").exists()  # the other interfaces come and go with a cluster's pods


def test_another_system_is_told_so_first(machine: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(ClusterError, match=r"is for Linux, not for darwin\. Instead of all this: Docker with kind"):
        needs.require(machine, programs=True, images=True)


def test_memory_that_is_free_includes_swap() -> None:
    assert (
        needs.available("MemTotal: 9 kB\nMemAvailable:  1024 kB\nHugePages_Free: 0\nSwapFree: 512 kB\n") == 1536 * 1024
    )


def test_controllers_are_found_in_both_versions(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpuset pids\n")
    v2 = f"27 21 0:24 / {tmp_path} rw,nosuid shared:5 - cgroup2 cgroup rw\n"
    assert {"cpu", "cpuset", "memory", "pids"} <= needs.controllers(_V1 + v2)
    assert needs.controllers(v2) == {"cpuset", "pids"}
    assert needs.controllers("25 21 0:22 / /cpu rw -  tmpfs  rw\n26 21 0:23 / /cpu rw - cgroup  rw,cpu\n") == {
        "rw",
        "cpu",
    }
