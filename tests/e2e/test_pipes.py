"""Without a terminal: bytes as they are, each where it belongs, and the command's own exit code."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.waiting import patient, wait_until

from .pods import STATIC, Pod, app
from .program import Result

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from .conftest import MakePod
    from .program import Dshell

MEGABYTE = 1 << 20
ALL_BYTES = bytes(range(256)) * 100
NOTHING = Result(b"", "", 0)


def peak_memory(process: subprocess.Popen[bytes]) -> int:
    """The most bytes of memory that a running process has ever had resident."""
    status = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    (line,) = (line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def bytes_read(process: subprocess.Popen[bytes]) -> int:
    """By a running process, from files, pipes and sockets."""
    (line,) = (line for line in Path(f"/proc/{process.pid}/io").read_text().splitlines() if line.startswith("rchar:"))
    return int(line.split()[1])


@pytest.mark.nodes(quick=True)
def test_every_byte_passes_on_each_channel(shared_pod: Pod, dshell: Dshell) -> None:
    process = dshell.start(shared_pod.name, "--", "sh", "-c", "tee /tmp/$DSHELL_SESSION; cat /tmp/$DSHELL_SESSION >&2")

    written = process.communicate(ALL_BYTES, timeout=patient(60))

    assert written == (ALL_BYTES, ALL_BYTES)
    assert process.returncode == 0


@pytest.mark.nodes(quick=True)
def test_stdout_and_stderr_stay_apart(shared_pod: Pod, dshell: Dshell) -> None:
    script = "for i in 1 2 3 4 5; do echo out $i; echo err $i >&2; done"

    seen = dshell(shared_pod.name, "--", "sh", "-c", script)

    assert seen == Result(b"out 1\nout 2\nout 3\nout 4\nout 5\n", "err 1\nerr 2\nerr 3\nerr 4\nerr 5\n", 0)


SHORT = ("--", "sh", "-c", "echo early; echo error >&2; cat; echo late")
SHORT_RESULT = Result(b"early\nmiddle\nlate\n", "error\n", 0)


def test_short_commands_one_after_the_other_lose_and_repeat_nothing(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()

    runs = [dshell(pod.name, "-q", *SHORT, input=b"middle\n") for _ in range(20)]

    assert runs == [SHORT_RESULT] * 20


def test_short_commands_at_once_lose_and_repeat_nothing(make_pod: MakePod, dshell: Dshell) -> None:
    """They share debug containers, whose holders end and start meanwhile."""
    pod = make_pod()

    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: dshell(pod.name, "-q", *SHORT, input=b"middle\n"), range(20)))

    assert runs == [SHORT_RESULT] * 20


def test_a_script_is_read_by_a_shell_in_the_apps_root(shared_pod: Pod, dshell: Dshell) -> None:
    seen = dshell(shared_pod.name, input=b"pwd; id -u\ncat app/secret.txt\nexit 9\necho never\n")

    assert seen == Result(b"/proc/1/root\n65532\nonly the app reads this\n", "", 9)


def test_100_megabytes_go_in(shared_pod: Pod, dshell: Dshell) -> None:
    process = dshell.start(shared_pod.name, "--", "wc", "-c")
    assert process.stdin
    peaks = []
    for count in range(100):
        process.stdin.write(os.urandom(MEGABYTE))
        if count in (10, 99):
            peaks.append(peak_memory(process))

    written = process.communicate(timeout=60)

    assert written == (b"104857600\n", b"")
    assert process.returncode == 0
    assert peaks[1] - peaks[0] < 30 * MEGABYTE


def test_100_megabytes_come_out(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod(app(STATIC, "-fill=/tmp/big=104857600"))
    pod.wait_log("serving as")
    process = dshell.start(pod.name, "--", "cat", "tmp/big")
    assert process.stdout
    local, peaks = hashlib.sha256(), []
    for count in range(100):
        local.update(process.stdout.read(MEGABYTE))
        if count in (10, 98):
            peaks.append(peak_memory(process))

    written = process.communicate(timeout=60)
    remote = dshell(pod.name, "--", "sha256sum", "tmp/big")

    assert written == (b"", b"")
    assert process.returncode == 0
    assert remote.stdout.decode().split() == [local.hexdigest(), "tmp/big"]
    assert peaks[1] - peaks[0] < 30 * MEGABYTE


class Still:
    """A condition that is true once a number has not changed for a while."""

    def __init__(self, number: Callable[[], int]) -> None:
        self._number = number
        self._last, self._times = -1, 0

    def __call__(self) -> bool:
        number = self._number()
        self._times = self._times + 1 if number == self._last else 0
        self._last = number
        return self._times >= 100


def test_an_output_that_nobody_reads_is_not_fetched(shared_pod: Pod, dshell: Dshell) -> None:
    process = dshell.start(shared_pod.name, "--", "head", "-c", str(100 * MEGABYTE), "/dev/zero")
    assert process.stdout
    process.stdout.read(MEGABYTE)
    before = peak_memory(process)

    wait_until(Still(lambda: bytes_read(process)), 120, "an end of the reading")

    assert bytes_read(process) < 50 * MEGABYTE
    assert peak_memory(process) - before < 15 * MEGABYTE
    assert len(process.communicate(timeout=60)[0]) == 99 * MEGABYTE
    assert process.returncode == 0


def test_an_input_that_the_command_does_not_read_is_not_taken(shared_pod: Pod, dshell: Dshell) -> None:
    go = f"/tmp/go-{os.urandom(4).hex()}"
    script = f"echo started; while [ ! -e {go} ]; do sleep 0.1; done; rm {go}; exec wc -c"
    process = dshell.start(shared_pod.name, "--keep", "1m", "--", "sh", "-c", script)
    assert process.stdin
    assert process.stdout
    assert process.stdout.readline() == b"started\n"
    before, typing = bytes_read(process), threading.Thread(target=process.stdin.write, args=(bytes(100 * MEGABYTE),))
    typing.start()
    wait_until(lambda: bytes_read(process) > before, 60, "the reading of stdin")

    wait_until(Still(lambda: bytes_read(process)), 120, "an end of the reading")

    assert bytes_read(process) < 50 * MEGABYTE
    assert peak_memory(process) < 60 * MEGABYTE
    assert dshell(shared_pod.name, "-q", "--", "touch", go).code == 0
    typing.join(60)
    assert process.communicate(timeout=60)[0] == b"%d\n" % (100 * MEGABYTE)
    assert process.returncode == 0


def test_bytes_go_both_ways_at_once(shared_pod: Pod, dshell: Dshell) -> None:
    sent = os.urandom(10 * MEGABYTE)
    process = dshell.start(shared_pod.name, "--", "cat")

    written = process.communicate(sent, timeout=60)

    assert written == (sent, b"")
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("command", "code"),
    [
        pytest.param(["true"], 0, id="0"),
        pytest.param(["false"], 1, id="1"),
        pytest.param(["sh", "-c", "exit 42"], 42, id="42", marks=pytest.mark.nodes(quick=True)),
        pytest.param(["sh", "-c", "exit 71"], 71, id="71, which session.sh uses"),
        pytest.param(["sh", "-c", "exit 72"], 72, id="72, which session.sh uses"),
        pytest.param(["sh", "-c", "exit 73"], 73, id="73, which session.sh uses"),
        pytest.param(["sh", "-c", "kill -9 $$"], 137, id="137, killed"),
        pytest.param(["sh", "-c", "kill $$"], 143, id="143, terminated"),
        pytest.param(["sh", "-c", "exit 255"], 255, id="255"),
    ],
)
def test_the_exit_code_is_the_commands_own(shared_pod: Pod, dshell: Dshell, command: list[str], code: int) -> None:
    assert dshell(shared_pod.name, "--", *command) == Result(b"", "", code)


@pytest.mark.parametrize(
    ("program", "code", "why"),
    [
        pytest.param("etc/app.yaml", 126, "Permission denied", id="126"),
        pytest.param("no-such-program", 127, "not found", id="127"),
    ],
)
def test_a_program_that_cannot_be_run_is_named(
    shared_pod: Pod, dshell: Dshell, program: str, code: int, why: str
) -> None:
    seen = dshell(shared_pod.name, "--", program)

    assert (seen.stdout, seen.code) == (b"", code)
    assert program in seen.stderr
    assert why in seen.stderr


@pytest.mark.parametrize("stdin", [pytest.param("<&-", id="closed"), pytest.param("</dev/null", id="null")])
def test_a_stdin_that_is_not_there_is_an_empty_one(shared_pod: Pod, dshell: Dshell, stdin: str) -> None:
    assert dshell.in_shell(f'"$@" {stdin}', shared_pod.name, *SHORT) == Result(b"early\nlate\n", "error\n", 0)


def test_a_terminal_that_is_not_there_falls_back_and_loses_nothing(make_pod: MakePod, dshell: Dshell) -> None:
    pod = make_pod()
    dshell(pod.name, "--keep", "10m", "--", "true")

    runs = [dshell.in_shell('"$@" </dev/null', pod.name, "-it", "--", "id", "-u") for _ in range(30)]

    assert runs == [Result(b"65532\n", "unable to use a TTY: stdin is not a terminal\n", 0)] * 30


def test_a_terminal_that_is_not_there_leaves_a_pipe_as_input(shared_pod: Pod, dshell: Dshell) -> None:
    seen = dshell(shared_pod.name, "-t", "-q", "--", "cat", input=ALL_BYTES)

    assert seen == Result(ALL_BYTES, "", 0)


TEXT = "grün ünïcödé 日本 👩‍💻"


@pytest.mark.parametrize(
    "locale",
    [
        pytest.param({"LC_ALL": "C.UTF-8"}, id="UTF-8"),
        pytest.param({"LC_ALL": "C"}, id="C"),
        pytest.param({"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, id="ASCII"),
    ],
)
def test_names_of_every_language_pass_both_ways(make_pod: MakePod, dshell: Dshell, locale: dict[str, str]) -> None:
    pod = make_pod()
    how = (pod.name, f"--env=WORD={TEXT}", f"--reason={TEXT}", "--keep=2m")

    words = dshell(*how, "--", "sh", "-c", 'printf "%s|" "$@" "$WORD"', "sh", TEXT, "ü", env=locale)
    made = dshell(*how, "--", "sh", "-c", 'cd tmp && echo "$1" >"$1" && cat "$1" && echo *', "sh", TEXT, env=locale)
    listed = dshell(*how, "--", "find", "tmp", "-type", "f", env=locale)  # ls has its own idea of letters
    sessions = dshell("ls", pod.name, "-o", "json", env=locale)
    (entry,) = pod.debug_containers().values()

    assert words == Result(f"{TEXT}|ü|{TEXT}|".encode(), "", 0)
    assert made == Result(f"{TEXT}\n{TEXT}\n".encode(), "", 0)
    assert listed == Result(f"tmp/{TEXT}\n".encode(), "", 0)
    assert [one["reason"] for one in json.loads(sessions.stdout)["items"]] == [TEXT]
    assert TEXT in {one.get("value") for one in entry.spec["env"]}


@pytest.mark.parametrize(
    ("stdout", "why"),
    [
        pytest.param(">&-", "Bad file descriptor", id="closed"),
        pytest.param(">/dev/full", "No space left on device", id="full"),
    ],
)
def test_an_output_that_cannot_be_written_is_74(shared_pod: Pod, dshell: Dshell, stdout: str, why: str) -> None:
    seen = dshell.in_shell(f'"$@" {stdout}', shared_pod.name, "--", "echo", "lost")

    assert seen == Result(b"", f"error: cannot write to stdout: {why}\n", 74)


def test_a_closed_output_that_is_not_needed_is_no_failure(shared_pod: Pod, dshell: Dshell) -> None:
    assert dshell.in_shell('"$@" >&- 2>&-', shared_pod.name, "--", "sh", "-c", "exit 3") == Result(b"", "", 3)


def test_a_reader_that_has_enough_ends_it_quietly(shared_pod: Pod, dshell: Dshell) -> None:
    seen = dshell.in_shell('"$@" | head -1; exit ${PIPESTATUS[0]}', shared_pod.name, "--", "yes")

    assert seen == Result(b"y\n", "", 141)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        pytest.param(["true"], 0, id="nothing"),
        pytest.param(["sh", "-c", "head -c 1 >/dev/null; exit 6"], 6, id="a byte"),
    ],
)
def test_a_command_need_not_read_its_stdin(shared_pod: Pod, dshell: Dshell, command: list[str], code: int) -> None:
    # More than the pipes on the way hold, and no more: while a client still sends, the API server (1.36) now and then
    # ends the stream of a command that has ended without telling its exit code.
    script = 'head -c 300000 /dev/zero | "$@"; exit ${PIPESTATUS[1]}'

    assert dshell.in_shell(script, shared_pod.name, "--", *command) == Result(b"", "", code)


def test_a_command_that_ends_does_not_wait_for_the_end_of_stdin(shared_pod: Pod, dshell: Dshell) -> None:
    process = dshell.start(shared_pod.name, "--", "sh", "-c", "read line; echo got $line")
    assert process.stdin
    process.stdin.write(b"word\n")
    process.stdin.flush()
    killer = threading.Timer(60, process.kill)
    killer.start()

    code = process.wait()

    killer.cancel()
    assert code == 0
    assert process.communicate() == (b"got word\n", b"")


def test_what_a_background_child_still_writes_is_not_lost(shared_pod: Pod, dshell: Dshell) -> None:
    seen = dshell(shared_pod.name, "--", "sh", "-c", "(sleep 1; echo late) & echo early; exit 5")

    assert seen == Result(b"early\nlate\n", "", 5)
