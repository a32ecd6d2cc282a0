"""A session with the volumes of an app that it has not joined: it starts in the first of them, and knows no live root."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from kubectl_dshell.remote import protocol
from tests.remote.rig import Debug, Pod, Process, Shell, pod

pytestmark = pytest.mark.terminal
each_shell = pytest.mark.parametrize("shell", ["busybox", "bash", "dash+bash"])
A = "aaaaaaaa"
PLACES = ("/file", "/my data", "/etc/conf")


def tell(tether: Process, word: bytes) -> None:
    tether.say(word)
    tether.hear(word)


def beside(made: Pod, shell: Shell, places: tuple[str, ...] = PLACES) -> Debug:
    """The container has directories where another one would have volumes."""
    debug = Debug(made, shell, places=places)
    (debug.container.root / "file").write_text("x")
    for folder in ("my data", "etc/conf", "closed"):
        (debug.container.root / folder).mkdir(parents=True)
    (debug.container.root / "closed").chmod(0o700)
    return debug


@each_shell
def test_a_command_starts_in_the_first_directory_and_has_no_live_root(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        command = beside(made, shell).run(A, "env")
        assert command.ended() == 0
        lines = command.printed().decode().splitlines()

    assert "PWD=/my data" in lines
    assert {line.partition("=")[0] for line in lines if line.startswith(("DSHELL_", "app_", "no_target"))} == {
        "DSHELL_SESSION"
    }


@each_shell
def test_the_prompt_tells_the_volumes_from_the_debug_image(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        inside = beside(made, shell).shell(A)
        inside.hear(b"pod/app:/my data $ ")
        for typed, prompt in [
            (b"cd /etc", b"debug image:/etc $ "),
            (b"cd conf", b"pod/app:/etc/conf $ "),
            (b"cd", b"pod/app:/my data $ "),
            (b"cd ..", b"debug image:/ $ "),
            (b"cd -", b"pod/app:/my data $ "),
            (b"echo [$DSHELL_ROOT$DSHELL_PID$app_volumes]", b"\n[]\r\n"),
        ]:
            inside.say(typed + b"\n")
            inside.hear(prompt)
        inside.say(b"exit 3\n")

        assert inside.ended() == 3


@each_shell
def test_nothing_runs_elsewhere_if_the_first_cannot_be_entered(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        command = beside(made, shell, ("/closed", "/my data")).run(A, "touch", "file")

        assert (command.ended(), command.printed()) == (72, b"")


@each_shell
def test_what_the_debug_image_lacks_is_not_looked_for_in_the_app(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        command = beside(made, shell).run(A, "nosuch", "/none")

        assert command.ended() == 127
        assert command.printed() == b"dshell: nosuch: not found in the debug image\n"


@each_shell
def test_the_tether_knows_no_target(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        facts = protocol.parse_facts(beside(made, shell).tether(A).hear(b"\n").decode())

    assert (facts.pid, facts.root_open, facts.holder_alive) == (0, False, True)


@each_shell
def test_the_holder_ends_with_the_pod_because_no_app_is_there_to_wait_for(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = beside(made, shell)
        (holder,) = debug.container.pids()
        tell(debug.tether(A), protocol.beat(A, 50))

        os.kill(holder, signal.SIGTERM)

        assert debug.holder.ended() == 0
        assert debug.message() == "ended by the cluster"


@each_shell
def test_the_path_of_a_volume_is_no_pattern(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = beside(made, shell, ("/dat[ab]", "/data"))
        for folder in ("dat[ab]", "data"):
            (debug.container.root / folder).mkdir()
        command = debug.run(A, "env")

        assert command.ended() == 0
        assert "PWD=/dat[ab]" in command.printed().decode().splitlines()
