from __future__ import annotations

import inspect
import os
import subprocess
import time
from pathlib import Path

import pytest

from hack.nodes import disks, guest, selinux
from hack.nodes.disks import RootImage


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("DSHELL_CLUSTER_CACHE", str(folder))
    return folder


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    folder = tmp_path / "programs"
    folder.mkdir()
    (folder / "one").write_text("1")
    return folder


def test_a_disk_is_made_once_and_anew_when_a_file_is_another(programs: Path) -> None:
    first, again = disks.folder_image("programs", programs), disks.folder_image("programs", programs)
    (programs / "one").write_text("other")
    other = disks.folder_image("programs", programs)

    assert first == again
    assert other != first
    shown = subprocess.run(
        ["debugfs", "-R", "cat one", other], check=True, capture_output=True, text=True, env=disks._environment()
    )
    assert shown.stdout == "other"


def test_a_label_is_in_the_disk_and_not_on_the_file_that_it_was_made_of(programs: Path) -> None:
    made = disks.folder_image("programs", programs)

    asked = ["debugfs", "-R", f"ea_get /one {selinux.ATTRIBUTE}", str(made)]
    shown = subprocess.run(asked, check=True, capture_output=True, text=True, env=disks._environment()).stdout
    assert '"system_u:object_r:bin_t:s0"' in shown
    assert selinux.ATTRIBUTE not in os.listxattr(programs / "one")


def test_what_nobody_has_used_for_a_while_is_removed_when_a_newer_one_is_made(programs: Path, cache: Path) -> None:
    old, used = (cache / f"node-programs-{name}.ext4" for name in ("old", "used"))
    other = cache / "node-crio-old.ext4"
    cache.mkdir()
    for file in (old, used, other):
        file.touch()
    for file in (old, other):
        os.utime(file, (time.time() - 7200,) * 2)

    made = disks.folder_image("programs", programs)

    assert {file.name for file in cache.glob("*.ext4")} == {made.name, used.name, other.name}


def test_the_root_image_is_made_once_and_named_by_its_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def make(target: Path) -> None:
        made.append(target.name)
        target.mkdir()

    monkeypatch.setattr(disks, "_make_root", make)
    monkeypatch.setattr(inspect, "getsource", lambda _: "source")
    first, again = disks.root_image(), disks.root_image()
    monkeypatch.setattr(guest, "PACKAGES", ("another",))
    other = disks.root_image()

    assert first == again
    assert made == [first.folder.name, other.folder.name]


def test_the_version_of_a_package_is_what_people_call_it(tmp_path: Path) -> None:
    (tmp_path / "packages.txt").write_text(
        "containerd\t1.7.24~ds1-6+deb13u1+b2\ncontainernetworking-plugins\t1.1.1+ds1-3\nrunc:amd64\t1.1.15+ds1-2+b4\n"
    )

    assert RootImage(tmp_path).version("containerd") == "1.7.24"
    assert RootImage(tmp_path).version("runc") == "1.1.15"
    with pytest.raises(LookupError):
        RootImage(tmp_path).version("crun")
