from __future__ import annotations

import os
import platform
import shutil
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

from hack.cluster.packages import Package
from hack.nodes import needs

if TYPE_CHECKING:
    from pathlib import Path

GIB = 1 << 30


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def able(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that can run a node."""
    monkeypatch.setenv("DSHELL_CLUSTER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("DSHELL_NODES_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(needs, "_TEMPORARY", tmp_path)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(needs, "_free_memory", lambda: 8192)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(9 * GIB, 0, 9 * GIB))
    monkeypatch.setattr(needs, "_refusal_of_namespaces", lambda: "")
    monkeypatch.setattr(shutil, "which", lambda name, **_: f"/usr/bin/{name}")


@pytest.mark.usefixtures("able")
def test_a_machine_that_has_all_lacks_nothing() -> None:
    assert needs.lacking() == []


@pytest.mark.usefixtures("able")
def test_everything_that_a_machine_lacks_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    monkeypatch.setattr(needs, "_free_memory", lambda: 4095)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(9 * GIB, GIB, 8 * GIB))
    monkeypatch.setattr(needs, "_refusal_of_namespaces", lambda: "unshare failed: Operation not permitted")
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    monkeypatch.setattr(needs, "PACKAGES", (Package("qemu-system-x86", "qemu-system-x86_64"),))

    assert needs.lacking() == [
        "the virtual machine is an x86_64 one, this machine is aarch64",
        "4096 MiB of memory are needed, 4095 are available",
        f"disk space: 8.2 GiB for {tmp_path}/cache, {tmp_path}/state, {tmp_path}, where 8.0 GiB are free",
        "no namespace can be made: unshare failed: Operation not permitted",
        "qemu-system-x86_64: of the Debian packages qemu-system-x86, and this is no Debian; install what has them here",
    ]


@pytest.mark.usefixtures("able")
def test_nobody_but_root_runs_a_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert needs.lacking() == ["a node in a virtual machine needs root"]


def test_free_memory_is_what_programs_can_have() -> None:
    assert 0 < needs._free_memory() < 1 << 30
