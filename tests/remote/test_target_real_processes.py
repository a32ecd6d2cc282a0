"""Whose process is whose is read from cgroups, in every form they come in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kubectl_dshell.remote import protocol
from tests.remote.rig import NOBODY, Debug, Namespace, Shell, pod
from tests.waiting import wait_until

A = "aaaaaaaa"


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
