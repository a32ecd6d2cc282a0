"""Beside a local shell: redirected outputs and background jobs."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.waiting import wait_until

from .pods import Pod
from .program import Dshell
from .terminal import TerminalSession

TOP = Path(__file__).parents[2]
CTRL_D = "\x04"


@contextmanager
def local_shell(dshell: Dshell) -> Iterator[TerminalSession]:
    """A bash of this machine, where `d` is the program."""
    environment = dshell.environment({"PS1": "local> "})
    with TerminalSession(["bash", "--norc", "--noprofile", "-i"], environment, TOP) as session:
        session.expect("local> ")
        session.send(f'd() {{ {shlex.join(dshell.command(()))} "$@"; }}\n')
        session.expect(r"\n.*local> ")
        yield session


def test_a_command_whose_output_goes_elsewhere_writes_plain_bytes(
    shared_pod: Pod, dshell: Dshell, tmp_path: Path
) -> None:
    with local_shell(dshell) as session:
        session.send(f"d {shared_pod.name} -i -- sh -c 'cat; echo end' >{tmp_path}/out; echo code $?\n")
        session.expect(r"as 65532:65532 \(from the container's status\)")
        session.send(f"typed\n{CTRL_D}")
        session.expect(r"code 0\r?\n")
        session.expect("local> ")

    assert (tmp_path / "out").read_bytes() == b"typed\nend\n"


STILL_RUNS = "echo first; cat; echo second; while sleep 0.1; do echo more; done"
PAGER = "{ read one; read two; echo re''ady; read key </dev/tty; echo pager: $one $two $key; }"


@pytest.mark.parametrize("errors", ["", "2>&1"])
@pytest.mark.parametrize("verb", ["", "attach"])
def test_keys_belong_to_a_pager_behind_our_pipe(shared_pod: Pod, dshell: Dshell, verb: str, errors: str) -> None:
    dshell(shared_pod.name, "--keep", "5m", "--", "true")
    with local_shell(dshell) as session:
        session.send(
            f"d {verb} {shared_pod.name} -q -- sh -c '{STILL_RUNS}' {errors} | {PAGER}; echo ${{PIPESTATUS[0]}}\n"
        )
        session.expect("ready")
        session.send("mine\n")
        session.expect(r"\npager: first second mine\r?\n141\r?\n")


def test_a_command_whose_output_goes_elsewhere_has_no_input_unless_asked_for(
    shared_pod: Pod, dshell: Dshell, tmp_path: Path
) -> None:
    with local_shell(dshell) as session:
        session.send(f"d {shared_pod.name} -- sh -c 'cat; echo end' >{tmp_path}/out; echo code $?\n")
        session.expect(r"code 0\r?\n")

    assert (tmp_path / "out").read_bytes() == b"end\n"


def test_a_shell_whose_output_goes_elsewhere_is_typed_to(shared_pod: Pod, dshell: Dshell) -> None:
    with local_shell(dshell) as session:
        session.send(f"d {shared_pod.name} | tr a-z A-Z; echo code ${{PIPESTATUS[0]}}\n")
        session.expect(r"as 65532:65532 \(from the container's status\)")
        session.send("cat etc/app.yaml; exit 4\n")
        session.expect(r"GREETING: HELLO\r?\n")
        session.expect(r"code 4\r?\n")


def test_a_terminal_that_was_asked_for_gives_every_byte_to_a_file(
    shared_pod: Pod, dshell: Dshell, tmp_path: Path
) -> None:
    with local_shell(dshell) as session:
        script = "test -t 1 && cat && seq 1 20000; exit 5"
        session.send(f"d {shared_pod.name} -t -- sh -c '{script}' >{tmp_path}/out; echo code $?\n")
        session.expect(r"as 65532:65532 \(from the container's status\)")
        session.send("typed\n")
        wait_until(lambda: (tmp_path / "out").read_bytes() == b"typed\r\n" * 2, 20, "the echo, and the answer")
        session.send(CTRL_D)  # a byte for the far terminal, not the end of our input
        session.expect(r"code 5\r?\n")

    numbers = "".join(f"{number}\r\n" for number in range(1, 20001))
    assert (tmp_path / "out").read_bytes().decode() == f"typed\r\ntyped\r\n{numbers}"


def shows(session: TerminalSession, line: str, word: str) -> bool:
    session.send(f"{line}\n")
    before = len(session.text)
    session.expect(rf"{line}\r?\n(?s:.*)local> ")
    return word in session.text[before:]


def test_a_background_job_leaves_the_terminal_to_the_local_shell(
    shared_pod: Pod, dshell: Dshell, tmp_path: Path
) -> None:
    with local_shell(dshell) as session:
        session.send(f"d {shared_pod.name} -- sh -c 'cat etc/app.yaml; exit 3' >{tmp_path}/out &\n")
        session.expect("local> ")
        session.send("echo mine | tr a-z A-Z; wait %1; echo code $?\n")
        session.expect(r"[\r\n]MINE\r?\n")
        session.expect(r"[\r\n]code 3\r?\n")
        session.send(f"d {shared_pod.name} &\n")
        wait_until(lambda: shows(session, "jobs", "Stopped"), 20, "a job stopped by its wish for the terminal")
        session.send("fg\n")
        session.expect(rf"{shared_pod.name}/app:/ \$ ")
        session.send("exit 6\n")
        session.expect(r"local> ")
        session.send("echo code $?\n")
        session.expect(r"[\r\n]code 6\r?\n")

    assert (tmp_path / "out").read_bytes() == b"greeting: hello\n"
