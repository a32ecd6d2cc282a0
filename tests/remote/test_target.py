"""The target is known by the names that runtimes give to cgroups."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.remote.functions import call, each_shell

ID, OTHER = "4e" * 32, "5f" * 32
PODS = "/kubepods/besteffort/pod0b1c9d5e"
SLICE = "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod0b1c.slice"


@each_shell
@pytest.mark.parametrize(
    ("text", "is_target"),
    [
        (f"8:pids:{PODS}/{ID}\n0::/", True),
        (f"8:pids:/\n1:name=systemd:{PODS}/{ID}", True),
        (f"0::{PODS}/{ID}", True),
        (f"0::/../{ID}", True),
        (f"0::/../{ID}/init", True),
        (f"0::{SLICE}/cri-containerd-{ID}.scope", True),
        (f"0::/../cri-containerd-{ID}.scope", True),
        (f"0::/../../kubepods-pod0b1c.slice/cri-containerd-{ID}.scope/worker", True),
        (f"8:pids:/system.slice/containerd.service/kubepods-pod0b1c.slice:cri-containerd:{ID}", True),
        (f"0::{SLICE}/crio-{ID}.scope", True),
        (f"0::{SLICE}/crio-{ID}.scope/container", True),
        (f"0::/../crio-{ID}.scope", True),
        (f"0::/../../crio-{ID}.scope/container", True),  # CRI-O 1.36 with crun 1.21
        (f"8:pids:{PODS}/crio-{ID}", True),
        (f"0::{SLICE}/docker-{ID}.scope", True),
        (f"7:pids:/{ID}\n6:memory:/{ID}\n5:job:/{ID}\n4:devices:/{ID}", True),  # gVisor 20240729 and August 2026
        ("7:pids:/\n6:memory:/\n5:job:/\n4:devices:/", False),  # the same, the pause container
        (f"0::/kubepods-besteffort-pod0b1c.slice/cri-containerd/{ID}", True),  # Kata Containers (by its source)
        (f"0::{SLICE}/crio-conmon-{ID}.scope", False),
        (f"0::{SLICE}/cri-containerd-{OTHER}.scope", False),
        (f"0::/../{ID}0", False),
        (f"0::/../0{ID}", False),
        ("0::/", False),
        ("", False),  # gVisor 20221219: an empty file for every process
    ],
)  # fmt: skip
def test_the_target_is_known_by_a_part_of_a_path(tmp_path: Path, shell: str, text: str, is_target: bool) -> None:
    (tmp_path / "cgroup").write_text(f"{text}\n")

    found = call(shell, "target.sh", 'target_id=$2; is_target "$1"', str(tmp_path / "cgroup"), ID)

    assert (found.returncode == 0, found.stdout, found.stderr) == (is_target, "", "")


@each_shell
def test_a_copy_of_a_pod_has_no_target_and_is_entered_all_the_same(shell: str) -> None:
    found = call(shell, "target.sh", 'target_id=x no_target=1; find_target; echo "$DSHELL_PID $root"')

    assert (found.returncode, found.stdout, found.stderr) == (0, "0 ok\n", "")


@each_shell
def test_without_a_name_there_is_no_target(shell: str) -> None:
    found = call(shell, "target.sh", 'target_id= no_target=; find_target; echo "$DSHELL_PID $root"')

    assert (found.stdout, found.stderr) == ("0 denied\n", "")


@each_shell
def test_a_cgroup_file_that_is_gone_is_nobody_s(tmp_path: Path, shell: str) -> None:
    found = call(shell, "target.sh", 'target_id=$2; is_target "$1"', str(tmp_path / "cgroup"), ID)

    assert (found.returncode, found.stderr) == (1, "")


@each_shell
def test_the_start_of_a_process_is_that_of_its_stat_file_whatever_its_name(shell: str) -> None:
    rename = "printf 'a\\n) R 1 2' >/proc/$$/comm"

    found = call(shell, "target.sh", f"{rename}; read_start $$; echo $started; cat /proc/$$/stat; :")

    started, stat = found.stdout.split("\n", 1)
    assert ") R 1 2)" in stat
    assert started == stat.rpartition(")")[2].split()[19]


@each_shell
def test_of_a_process_that_is_gone_there_is_no_start(shell: str) -> None:
    found = call(shell, "target.sh", "started=; read_start 4194304; echo $? [$started]")

    assert (found.stdout, found.stderr) == ("1 []\n", "")
