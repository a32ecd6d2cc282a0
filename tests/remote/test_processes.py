"""What the scripts read of processes, function by function; how they end them is in test_processes_ending.py and test_end.py."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.remote.functions import call, each_shell, value
from tests.waiting import wait_until

INT, QUIT, TERM = 2, 4, 16384


def function(shell: str, code: str, *arguments: str) -> str:
    return value(shell, "processes.sh", code, *arguments)


@each_shell
@pytest.mark.parametrize(
    ("text", "read"),
    [
        (b"", ""),
        (b"one", "one "),
        (b"one\n", "one "),
        (b"one\ntwo\n\nthree", "one two  three "),
        (b"a\0b\0", "ab "),
        (b"a\\b *\n", "a\\b * "),
    ],
)
def test_a_file_is_read_without_nuls_and_with_a_space_after_each_line(
    tmp_path: Path, shell: str, text: bytes, read: str
) -> None:
    (tmp_path / "file").write_bytes(text)

    assert (
        function(shell, 'read_file "$1" 2>/dev/null; printf "[%s]" "$file_text"', str(tmp_path / "file")) == f"[{read}]"
    )


@each_shell
def test_of_a_file_that_is_gone_nothing_older_is_kept(tmp_path: Path, shell: str) -> None:
    found = function(shell, 'file_text=old line=old; read_file "$1"; echo "[$file_text] [$line]"', str(tmp_path / "x"))

    assert found == "[] [old]"


@each_shell
@pytest.mark.parametrize(
    ("words", "word", "found"),
    [
        (" 1 22 3 ", "22", True),
        (" 1 22 3 ", "2", False),
        (" 1 22 3 ", "3", True),
        (" ", "1", False),
        (" 1 ", "*", False),
    ],
)
def test_a_list_has_a_word_or_not(shell: str, words: str, word: str, found: bool) -> None:
    done = call(shell, "processes.sh", 'has_word "$1" "$2"', words, word)

    assert (done.returncode == 0) is found


@each_shell
def test_the_clock_is_the_node_s_uptime(shell: str) -> None:
    before, now, ticks, after = function(
        shell, "cut -d' ' -f1 /proc/uptime; read_clock; echo $now $ticks; cut -d' ' -f1 /proc/uptime"
    ).split()

    assert float(before) <= int(ticks) / 100 <= float(after)
    assert int(now) == int(ticks) // 100


FAMILY = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGINT, print)
if not (living := os.fork()):
    time.sleep(1000)
if not (dead := os.fork()):
    os._exit(0)
os.waitid(os.P_PID, dead, os.WEXITED | os.WNOWAIT)
print("ready", flush=True)
input()
os.kill(living, signal.SIGKILL)
"""


@pytest.fixture
def family() -> Iterator[int]:
    """A process that ignores SIGTERM and handles SIGINT, with a child that lives and one that is dead."""
    command = [sys.executable, "-IS", "-c", FAMILY]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdin
        process.stdout.readline()
        yield process.pid
        process.stdin.write(b"\n")
        process.stdin.close()


def children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


@each_shell
def test_what_stat_tells_of_a_process(shell: str, family: int) -> None:
    fields = Path(f"/proc/{family}/stat").read_text().rpartition(")")[2].split()

    found = function(shell, 'parse_stat "$1"; echo $parent $leads $started $ignores $catches', str(family))

    assert found.split()[:3] == [fields[1], fields[3], fields[19]]
    ignores, catches = map(int, found.split()[3:])
    assert (ignores & TERM, ignores & INT, catches & INT) == (TERM, 0, INT)
    assert (ignores | catches) & ~(INT | QUIT | TERM) == 0


@each_shell
def test_of_a_process_that_is_gone_there_is_no_state(shell: str) -> None:
    assert function(shell, "state=S; parse_stat 4194304; echo $? [$state]") == "1 []"


@each_shell
def test_the_children_of_a_process_and_whether_they_live(shell: str, family: int) -> None:
    code = 'list_children "$1"; echo "[$child_pids] [$alive] [$dead]"'
    living, dead = children(family)

    assert function(shell, code, str(family)) == f"[{living} {dead} ] [1] [1]"
    assert function(shell, code, living) == "[] [] []"


@each_shell
@pytest.mark.parametrize(
    ("record", "parsed"),
    [
        ("10:9:S:0:2:work", "10 9 S 0 2 work [] [] []"),
        ("10:1:T:6:16384:prompt:10:1u", "10 1 T 6 16384 prompt [10] [1u] [1]"),
        ("10:9:S:0:2:prompt:9:", "10 9 S 0 2 work [9] [] []"),
        ("10:7:S:0:2:prompt", "10 7 S 0 2 prompt [] [] [1]"),
    ],
)
def test_a_record_is_taken_apart_and_only_the_first_below_a_stranger_leads(
    shell: str, record: str, parsed: str
) -> None:
    code = 'own_pids=" 9 10 "; parse_record "$1"; set -- a b; echo $pid $parent $state $ignores $catches $kind'
    code += ' "[$leads] [$own_root] [$leader]"'

    assert function(shell, code, record) == parsed


@each_shell
def test_a_signal_goes_to_nobody_whose_cgroup_is_another(shell: str) -> None:
    with subprocess.Popen(["sleep", "1000"]) as sleeper:
        refused = call(shell, "processes.sh", 'cgroup_line=0::/other; send_signal KILL "$1"', str(sleeper.pid))
        assert (refused.returncode, sleeper.poll()) == (1, None)
        code = 'read -r cgroup_line </proc/$$/cgroup; send_signal KILL "$1"'
        assert call(shell, "processes.sh", code, str(sleeper.pid)).returncode == 0
        wait_until(lambda: sleeper.poll() == -9, 10)


@each_shell
def test_a_state_is_waited_for(shell: str) -> None:
    with subprocess.Popen(["sleep", "1000"]) as sleeper:
        code = 'kill -STOP "$1"; await_state "$1" "[TZ]" && echo "$state"'
        assert function(shell, code, str(sleeper.pid)) == "T"
        sleeper.kill()
        sleeper.wait()
        assert call(shell, "processes.sh", 'await_state "$1" T', str(sleeper.pid)).returncode == 1


@each_shell
@pytest.mark.parametrize(
    ("held", "state", "known"),
    [(True, "R", True), (True, "T", True), (True, "S", True), (False, "R", False)],
)
def test_what_a_process_waits_for_is_known_until_it_runs_again(shell: str, held: bool, state: str, known: bool) -> None:
    """One that was sent SIGSTOP seems to run until it gets a processor."""
    with subprocess.Popen(["sh", "-c", "sleep 1000; :"]) as waiting:
        [child] = wait_until(lambda: children(waiting.pid), 10)
        wait_until(lambda: Path(f"/proc/{waiting.pid}/wchan").read_text() in ("do_wait", "0"), 10)
        arguments = (str(waiting.pid), "1" * held, state)
        code = 'own_pids=" " session_pids=" " held_pids=" " pid=$1 state=S; select_process; [ -z "$2" ] || held_pids=" $1 "'

        found = call(shell, "processes.sh", f'{code}; state=$3; select_process; eval "echo \\$waits_$1"', *arguments)

        os.kill(int(child), signal.SIGKILL)
    assert (found.stdout.strip(), found.stderr) == (child if known else "", "")
