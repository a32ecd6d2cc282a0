"""What the harness reads of the machine: mounts, Go's version, packages, pins."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hack.cluster import packages
from hack.cluster.build import MODULES, pinned
from hack.cluster.containers import snapshotter
from hack.cluster.errors import ClusterError
from hack.cluster.layout import Layout
from hack.cluster.leftovers import cgroup_folders
from hack.cluster.lock import locked
from hack.cluster.packages import Package
from hack.cluster.toolchain import PINS, version

_HYBRID = """\
25 21 0:22 / /sys/fs/cgroup/cpu rw,relatime shared:5 - cgroup cgroup rw,cpu
26 21 0:23 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
27 21 8:1 / / rw - ext4 /dev/vda rw
"""
_V2 = "25 21 0:22 / /sys/fs/cgroup rw,nosuid shared:5 - cgroup2 cgroup rw\n"
_IN_A_CONTAINER = "1 0 0:1 / / rw - overlay overlay rw\n2 1 8:1 / /var/lib rw - ext4 /dev/vda rw\n"


@pytest.mark.parametrize(
    ("mountinfo", "folders"),
    [
        (_HYBRID, ["/sys/fs/cgroup/cpu/dshell-a", "/sys/fs/cgroup/unified/dshell-a"]),
        (_V2, ["/sys/fs/cgroup/dshell-a"]),
    ],
    ids=["v1 hybrid", "v2"],
)
def test_a_cluster_has_a_group_in_each_hierarchy(mountinfo: str, folders: list[str]) -> None:
    assert cgroup_folders(Layout("a", Path("/x")), mountinfo) == [Path(folder) for folder in folders]


@pytest.mark.parametrize(
    ("folder", "chosen"), [("/srv/x", "native"), ("/var/lib/x/y", "overlayfs"), ("/var/libx", "native")]
)
def test_overlayfs_is_not_put_on_an_overlay(folder: str, chosen: str) -> None:
    assert snapshotter(Path(folder), _IN_A_CONTAINER) == chosen


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("go version go1.26.8 linux/amd64", (1, 26)),
        ("go version go1.27rc1 linux/arm64", (1, 27)),
        ("go version devel", ()),
        ("", ()),
    ],
)
def test_the_version_of_go_is_read(words: str, found: tuple[int, ...]) -> None:
    assert version(words) == found


@pytest.mark.parametrize(
    ("package", "missing"),
    [
        (Package("a", "sh"), False),
        (Package("b", "/bin/sh"), False),
        (Package("c", "no-such-program"), True),
        (Package("d", "/no/such/file"), True),
    ],
    ids=["program", "file", "no program", "no file"],
)
def test_a_package_is_known_by_what_it_brings(package: Package, *, missing: bool) -> None:
    assert package.missing is missing


def test_what_cannot_be_installed_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ClusterError, match=r"type: sudo apt-get install -y d e$"):
        packages.ensure((Package("d", "/no/d"), Package("a", "sh"), Package("e", "no-such-program")))


def test_a_cluster_of_ours_needs_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "root" in packages.in_reach()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert packages.in_reach() == ""


@pytest.mark.parametrize("module", [module.name for module in MODULES])
def test_every_module_is_pinned_with_checksums(module: str) -> None:
    assert (PINS / module / "go.mod").exists()
    assert (PINS / module / "go.sum").stat().st_size > 0


def test_the_version_of_kubernetes_is_the_one_of_its_go_mod() -> None:
    assert pinned("kubernetes", "k8s.io/kubernetes").startswith("v1.36.")
    with pytest.raises(LookupError):
        pinned("kubernetes", "example.com/none")


def test_whoever_waits_for_a_lock_is_told_why(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code = (
        "import sys; from pathlib import Path; from hack.cluster.lock import locked\n"
        "with locked(Path(sys.argv[1]), 'compiling'): pass"
    )
    with locked(tmp_path / "lock", "testing"):
        waiter = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "lock")], stderr=subprocess.PIPE, text=True
        )
        assert waiter.stderr is not None
        assert waiter.stderr.readline().startswith("waiting: another process is compiling")
        assert waiter.poll() is None
    with waiter:
        assert waiter.wait(timeout=10) == 0
    assert capfd.readouterr().err == ""
