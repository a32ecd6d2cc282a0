"""Whose process is whose is read from cgroups, in every form they come in."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from kubectl_dshell.remote import protocol, script
from tests.remote.busybox import busybox
from tests.remote.rig import NOBODY, Debug, Namespace, Shell, pod
from tests.waiting import wait_until

A = "aaaaaaaa"
ID, OTHER = "4e" * 32, "5f" * 32
PODS = "/kubepods/besteffort/pod0b1c9d5e"
SLICE = "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod0b1c.slice"


@pytest.mark.parametrize("shell", ["busybox", "bash", "dash"])
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
        (f"8:pids:{PODS}/crio-{ID}", True),
        (f"0::{SLICE}/docker-{ID}.scope", True),
        (f"0::{SLICE}/crio-conmon-{ID}.scope", False),
        (f"0::{SLICE}/cri-containerd-{OTHER}.scope", False),
        (f"0::/../{ID}0", False),
        (f"0::/../0{ID}", False),
        ("0::/", False),
        ("", False),
    ],
)  # fmt: skip
def test_the_target_is_known_by_a_part_of_a_path(tmp_path: Path, shell: str, text: str, is_target: bool) -> None:
    start, end = "is_target() {", "} 2>/dev/null\n"
    function = start + script.enter().partition(start)[2].partition(end)[0] + end
    (tmp_path / "cgroup").write_text(f"{text}\n")

    command = [busybox(), "sh"] if shell == "busybox" else [shell]
    found = subprocess.run(
        [*command, "-c", f'id=$2\n{function}is_target "$1"', "-", str(tmp_path / "cgroup"), ID], check=False
    )

    assert (found.returncode == 0) is is_target


@pytest.mark.terminal
@pytest.mark.parametrize("shell", ["busybox", "bash", "dash+bash"])
@pytest.mark.parametrize("kind", ["own", "shared", "host"])
@pytest.mark.parametrize(
    ("private", "scope"), [(True, "{}"), (True, "cri-containerd-{}.scope"), (False, "crio-{}.scope")]
)
def test_with_version_2_the_target_is_found_and_only_our_own_are_ended(
    place: Path, shell: Shell, kind: Namespace, private: bool, scope: str
) -> None:
    with pod(place, kind, version_2=True, cgroup_namespace=private, scope=scope) as made:
        made.app.start(["/sleep", "1000"])
        neighbour = Debug(made, shell)
        neighbour.run("bbbbbbbb", "sleep", "1000")
        wait_until(lambda: "sleep" in neighbour.commands() and neighbour.container.asleep(3), 10)
        wait_until(lambda: made.app.asleep(2), 10)
        before = made.app.states(), neighbour.container.states()
        debug = Debug(made, shell)
        tether = debug.tether(A)
        facts = protocol.parse_facts(tether.hear(b"\n").decode())
        inside = debug.shell(A)
        inside.hear(b"pod/app:/ $ ")
        inside.say(b"cat file; sleep 100 & sleep 101\n")
        inside.hear(b"the app's")
        wait_until(lambda: debug.commands().count("sleep") == 2, 10)
        seen = debug.run(A, "cat", "/proc/self/cgroup", f"/proc/{facts.pid}/cgroup")
        assert seen.ended() == 0

        tether.say(protocol.bye(A))
        assert debug.holder.ended() == 0

        text = seen.printed().decode()
        assert made.app.id in text
        assert (f"0::/../{scope.format(made.app.id)}\n" in text and "0::/\n" in text) is private
        assert (facts.root_open, facts.our_uid) == (True, NOBODY[0])
        wait_until(lambda: not debug.container.pids(), 10)
        assert (made.app.states(), neighbour.container.states()) == before
        assert made.zombies() == []


@pytest.mark.terminal
@pytest.mark.parametrize("version_2", [False, True])
def test_our_root_directory_alone_does_not_make_a_process_ours(place: Path, version_2: bool) -> None:
    with pod(place, version_2=version_2, cgroup_namespace=version_2) as made:
        debug = Debug(made)
        replace(made.app, root=debug.container.root).start(["/bin/sleep", "1000"])
        wait_until(lambda: made.app.asleep(2), 10)
        before = made.app.states()
        tether = debug.tether(A)

        tether.say(protocol.END)
        assert debug.holder.ended() == 0

        assert made.app.states() == before
