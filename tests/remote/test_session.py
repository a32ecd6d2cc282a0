"""An exec finds the target, stands in its root directory, and runs what it was told to, as it was told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kubectl_dshell.domain.access.facts import Facts
from kubectl_dshell.domain.stream import TerminalSize
from kubectl_dshell.remote import exec_script, protocol
from tests.remote.rig import NOBODY, Debug, Namespace, Shell, pod
from tests.waiting import wait_until

pytestmark = pytest.mark.terminal
each_shell = pytest.mark.parametrize("shell", ["busybox", "bash", "dash+bash"])
A = "aaaaaaaa"
ROOT = (0, 0)


def measured(debug: Debug) -> Facts:
    return protocol.parse_facts(debug.tether(A).hear(b"\n").decode())


@each_shell
@pytest.mark.parametrize("kind", ["own", "shared", "host"])
def test_a_command_runs_in_the_root_directory_of_the_app(place: Path, shell: Shell, kind: Namespace) -> None:
    with pod(place, kind) as made:
        debug = Debug(made, shell)

        command = debug.run(A, "cat", "file")

        assert command.ended() == 0
        assert command.printed() == b"the app's\n"


@each_shell
def test_the_words_of_a_command_arrive_byte_for_byte(place: Path, shell: Shell) -> None:
    words = ["a b", "", "-n", "*", "$HOME", "`true`", "q\"'\\", "new\nline\n", "tab\t", "ü€", "x" * 60000]
    with pod(place) as made:
        debug = Debug(made, shell)

        command = debug.run(A, "cat", "/proc/self/cmdline", "--", "/dev/null", *words)
        shown = command.hear("\0".join(words).encode() + b"\0")

        assert shown.split(b"\0")[4:-1] == [word.encode() for word in words]


@each_shell
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("true",), 0),
        (("sh", "-c", "exit 42"), 42),
        (("nosuch",), 127),
        (("-nosuch",), 127),
        (("./file",), 126),
        (("sh", "-c", "kill -KILL $$"), 137),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_the_exit_code_of_a_command_is_its_own(place: Path, shell: Shell, words: tuple[str, ...], code: int) -> None:
    with pod(place) as made:
        assert Debug(made, shell).run(A, *words).ended() == code


@each_shell
def test_a_command_knows_its_place_and_nothing_of_the_scripts(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        command = Debug(made, shell).run(A, "env")
        assert command.ended() == 0
        lines = command.printed().decode().splitlines()

        names = {line.partition("=")[0] for line in lines if line.startswith("DSHELL_")}
        assert names == {"DSHELL_PID", "DSHELL_ROOT", "DSHELL_SESSION"}
        assert {"DSHELL_PID=1", "DSHELL_ROOT=/proc/1/root", "HOME=/"} <= set(lines)


@each_shell
def test_a_command_goes_first_when_memory_is_short(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        command = Debug(made, shell).run(A, "cat", "/proc/self/oom_score_adj")

        assert command.ended() == 0
        assert command.printed() == b"1000\n"


@each_shell
def test_the_prompt_shows_the_path_as_the_app_sees_it(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        (made.app.root / "etc/app").mkdir(parents=True)
        before = sorted(made.app.root.rglob("*"))
        inside = Debug(made, shell).shell(A)
        inside.hear(b"pod/app:/ $ ")
        for typed, prompt in [
            (b"cd ..", b"pod/app:/ $ "),
            (b"cd etc/app", b"pod/app:/etc/app $ "),
            (b"cd ..", b"pod/app:/etc $ "),
            (b"cd", b"pod/app:/ $ "),
            (b"cd /bin", b"debug image:/bin $ "),
            (b"cd -", b"pod/app:/ $ "),
            (b"stty size", b"24 80"),
            (b"echo \xc3\xbc\xe2\x82\xac", b"\n\xc3\xbc\xe2\x82\xac\r\n"),
            (b"history_is=[$HISTFILE]; echo $history_is", b"\n[]\r\n"),
        ]:
            inside.say(typed + b"\n")
            inside.hear(prompt)
        inside.say(b"exit 3\n")

        assert inside.ended() == 3
        assert sorted(made.app.root.rglob("*")) == before


@each_shell
@pytest.mark.parametrize("name", [b"\x1b]0;title\x07", b"a\nb", b"\\e[2J", b"\\033[2J", b"x\xc2\x9b2J"])
def test_a_directory_of_the_app_cannot_speak_through_the_prompt(place: Path, shell: Shell, name: bytes) -> None:
    with pod(place) as made:
        (made.app.root / os.fsdecode(b"odd-" + name)).mkdir()
        inside = Debug(made, shell).shell(A)
        inside.hear(b"pod/app:/ $ ")
        inside.say(b"cd odd-*\n")

        shown = inside.hear(b"pod/app:(a name with odd characters) $ ")

        assert name not in shown
        inside.say(b"cd ..\n")
        inside.hear(b"pod/app:/ $ ")


@each_shell
def test_names_outside_ascii_are_shown_and_typed_as_they_are(place: Path, shell: Shell) -> None:
    name = "ünïcödé".encode()
    with pod(place) as made:
        (made.app.root / os.fsdecode(name)).mkdir()
        inside = Debug(made, shell).shell(A)
        inside.hear(b"pod/app:/ $ ")
        inside.say(b"cd " + name + b"\n")
        inside.hear(b"pod/app:/" + name + b" $ ")
        inside.say(b"echo [$LANG]\n")
        inside.hear(b"[C.UTF-8]")


@each_shell
@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ({}, b"C.UTF-8--"),
        ({"LANG": "C"}, b"C--"),
        ({"LC_ALL": "POSIX"}, b"-POSIX-"),
        ({"LC_CTYPE": "C"}, b"--C"),
    ],
)
def test_a_session_has_a_locale_of_utf_8_unless_it_was_given_one(
    place: Path, shell: Shell, given: dict[str, str], seen: bytes
) -> None:
    with pod(place) as made:
        command = Debug(made, shell, NOBODY, env=given).run(A, "sh", "-c", "echo $LANG-$LC_ALL-$LC_CTYPE")

        assert command.ended() == 0
        assert command.printed() == seen + b"\n"


@each_shell
def test_a_process_whose_name_has_two_lines_is_read_as_any_other(place: Path, shell: Shell) -> None:
    with pod(place, "shared") as made:
        rename = "printf 'a\\n) R 0 0' >/proc/$$/comm; read -r x"
        odd = made.app.start(["/busybox", "sh", "-c", rename])
        wait_until(
            lambda: len(made.app.pids()) == 2 and "\n) R" in Path(f"/proc/{made.app.pids()[1]}/stat").read_text(), 10
        )
        debug = Debug(made, shell)

        facts = measured(debug)
        command = debug.run(A, "cat", "file")

        assert command.ended() == 0
        assert command.printed() == b"the app's\n"
        assert facts.root_open
        assert odd.outer.poll() is None


@each_shell
def test_outside_the_prompt_is_that_of_the_debug_image(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, ROOT)
        inside = debug.exec(exec_script.outside_exec(debug.target.id, A, "pod/app", TerminalSize(30, 100)))

        inside.hear(b"debug image:/ $ ")
        inside.say(b"stty size\n")
        inside.hear(b"30 100")
        inside.say(b"exit\n")

        assert inside.ended() == 0


@each_shell
def test_ctrl_c_ctrl_z_and_jobs_work(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell)
        inside = debug.shell(A)
        inside.hear(b"$ ")
        for _ in range(2):
            inside.say(b"sleep 100\n")
            wait_until(lambda: "sleep" in debug.commands(), 10)
            inside.say(b"\x03")
            inside.hear(b"$ ")
        inside.say(b"sleep 100\n")
        wait_until(lambda: "sleep" in debug.commands(), 10)
        inside.say(b"\x1a")
        inside.hear(b"Stopped")
        inside.say(b"jobs; kill -KILL %1; exit\n")
        inside.hear(b"Stopped")
        inside.say(b"exit\n")
        inside.ended()

        assert made.zombies() == []


@each_shell
def test_the_facts_of_a_target_of_our_user(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        facts = measured(Debug(made, shell, env={"DSHELL_LIMIT": "1000"}))

        ids = (65532,) * 4
        assert (facts.pid, facts.uid, facts.gid, facts.caps) == (1, ids, ids, 0)
        assert (facts.dumpable, facts.root_open, facts.holder_alive) == (True, True, True)
        assert (facts.our_uid, facts.our_gid, facts.our_caps) == (*NOBODY, 0)
        assert 990 <= facts.left <= 1000


@each_shell
def test_a_closed_root_is_said_by_the_facts_and_by_72_alone(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell, (1000, 65532))
        facts = measured(debug)
        command = debug.run(A, "touch", "/tmp/after")

        assert (facts.pid, facts.root_open, facts.dumpable) == (1, False, True)
        assert command.ended() == 72
        assert command.printed() == b""
        assert not (debug.container.root / "tmp/after").exists()


@each_shell
def test_a_target_that_is_not_to_be_seen_is_said_by_71_alone(place: Path, shell: Shell) -> None:
    with pod(place) as made:
        debug = Debug(made, shell)
        debug.target = made.container("elsewhere")
        facts = measured(debug)
        command = debug.run(A, "true")

        assert (facts.pid, facts.uid, facts.root_open, facts.our_uid) == (0, None, False, 65532)
        assert command.ended() == 71
        assert command.printed() == b""


@each_shell
@pytest.mark.parametrize("kind", ["own", "shared", "host"])
def test_where_the_first_process_is_closed_another_of_the_container_is_entered(
    place: Path, shell: Shell, kind: Namespace
) -> None:
    with pod(place, kind) as made:
        made.app.user = (101, 101)
        worker = made.app.start(["/sleep", "1000"])
        wait_until(lambda: len(made.app.pids()) == 2, 10)
        debug = Debug(made, shell, (101, 101))

        facts = measured(debug)
        command = debug.run(A, "cat", "file")

        assert worker.outer.poll() is None
        assert (facts.root_open, facts.uid) == (True, (101,) * 4)
        assert command.ended() == 0


@pytest.mark.parametrize("shell", ["busybox", "dash+bash"])
def test_a_node_full_of_processes_does_not_slow_it_down(place: Path, shell: Shell) -> None:
    with pod(place, "host") as made:
        assert made.pause
        made.pause.env = {"PATH": "/"}
        for _ in range(5):
            made.pause.start(["/busybox", "sh", "-c", "for i in $(/busybox seq 99); do /sleep 999 & done; wait"])
        wait_until(lambda: len(made.pause.pids() if made.pause else []) > 495, 10)
        debug = Debug(made, shell)
        tether = debug.tether(A)
        tether.hear(b"\n")

        before = os.times()
        command = debug.run(A, "true")
        assert command.ended() == 0
        tether.say(protocol.bye(A))
        assert debug.holder.ended() == 0
        after = os.times()

        # the time of processes, not of the machine: others may be busy
        assert after.children_user + after.children_system - before.children_user - before.children_system < 2
        assert after.elapsed - before.elapsed < 4
