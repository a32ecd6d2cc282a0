from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from hack.cluster.errors import ClusterError
from hack.nodes import machine
from hack.nodes.disks import RootImage
from hack.nodes.kind import Kind, Module
from hack.nodes.machine import Machine
from hack.nodes.runtimes import CONTAINERD_1_7


@pytest.mark.parametrize(
    ("flags", "device", "chosen"),
    [
        ("flags : fpu vmx sse", True, "kvm"),
        ("flags : fpu svm sse", True, "kvm"),
        ("flags : fpu sse", True, "tcg"),  # kvm_pvm has the device alone, and runs no kernel but its own
        ("flags : fpu vmx sse", False, "tcg"),
    ],
    ids=["Intel", "AMD", "no flag", "no device"],
)
def test_kvm_is_taken_where_the_processor_has_it(
    monkeypatch: pytest.MonkeyPatch, flags: str, device: bool, chosen: str
) -> None:
    monkeypatch.setattr(Path, "read_text", lambda _: flags)
    monkeypatch.setattr(os, "access", lambda *_: device)
    assert machine.accelerator() == chosen


def test_the_accelerator_is_the_user_s_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSHELL_VM_ACCEL", "tcg")
    assert machine.accelerator() == "tcg"
    monkeypatch.setenv("DSHELL_VM_ACCEL", "xen")
    with pytest.raises(ClusterError, match=r"DSHELL_VM_ACCEL=xen: kvm or tcg"):
        machine.accelerator()


@pytest.mark.parametrize("module", Module)
def test_the_machine_has_its_disks_ports_and_size_and_nothing_of_it_is_written_to_the_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: Module
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setenv("DSHELL_VM_CPUS", "4")
    forwards = {20001: 22, 20002: 20002}
    made = Machine(
        RootImage(tmp_path),
        [tmp_path / "programs", tmp_path / "seed"],
        Kind(CONTAINERD_1_7, "1.36", module),
        "tcg",
        forwards,
        tmp_path / "c",
    )

    words = " ".join(machine.command(made))

    assert "-m 3072 -smp 4 " in words
    assert f"snapshot=on,cache=unsafe,file={tmp_path}/root.ext4" in words
    assert words.count("readonly=on") == 2
    assert "hostfwd=tcp:127.0.0.1:20001-10.0.2.15:22,hostfwd=tcp:127.0.0.1:20002-10.0.2.15:20002" in words
    assert f"systemd.wants=dshell-containerd-1.7.service {module.kernel_words}" in words


def test_a_size_that_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSHELL_VM_MEMORY", "3G")
    with pytest.raises(ClusterError, match=r"DSHELL_VM_MEMORY=3G: a number, such as 3072"):
        machine.memory()
