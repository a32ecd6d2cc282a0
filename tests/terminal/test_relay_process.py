"""As a process among others: bulk data, closed descriptors, nohup."""

from __future__ import annotations

import os
import select
import signal
import subprocess

import pytest

from kubectl_dshell.errors import ExitStatus
from tests.terminal.rig import Terminal, ended, on_terminal, program, thread
from tests.waiting import wait_until

pytestmark = pytest.mark.terminal

PIPE, NULL = subprocess.PIPE, subprocess.DEVNULL
HUNDRED_MB = 100 * 1000 * 1000
BLOCK = os.urandom(1000) * 250
GROWTH_KIB = 20 * 1024


def test_100_mb_of_output_pass_with_bounded_memory() -> None:
    with program("pipes", stdin=NULL, stdout=PIPE) as run:
        before = run.report()["memory"]

        def far_side() -> None:
            for _ in range(HUNDRED_MB // len(BLOCK)):
                run.far.write(BLOCK)
            run.far.exit(0)

        with thread(far_side):
            assert run.process.stdout
            for _ in range(HUNDRED_MB // len(BLOCK)):
                assert run.process.stdout.read(len(BLOCK)) == BLOCK
            assert run.process.stdout.read() == b""
        assert run.process.wait(20) == 0
        assert run.report()["memory"] - before < GROWTH_KIB


def test_100_mb_of_input_pass_with_bounded_memory() -> None:
    with program("pipes", stdin=PIPE, stdout=NULL) as run:
        before = run.report()["memory"]

        def feed() -> None:
            assert run.process.stdin
            for _ in range(HUNDRED_MB // len(BLOCK)):
                run.process.stdin.write(BLOCK)
            run.process.stdin.close()

        with thread(feed):
            got = 0
            expected = memoryview(BLOCK * 2)
            while (frame := run.far.next())[0] == "i":
                start = got % len(BLOCK)
                assert frame[1] == expected[start : start + len(frame[1])]
                got += len(frame[1])
        assert (got, frame[0]) == (HUNDRED_MB, "e")
        run.far.exit(0)
        assert run.process.wait(20) == 0
        assert run.report()["memory"] - before < GROWTH_KIB


@pytest.mark.parametrize(
    ("redirections", "code"),
    [
        pytest.param("<&-", 0, id="stdin"),
        pytest.param(">&-", ExitStatus.OUTPUT, id="stdout"),
        pytest.param("2>&-", 0, id="stderr"),
    ],
)
def test_a_closed_descriptor_is_an_end_of_input_or_a_failure_to_write(redirections: str, code: int) -> None:
    prefix = ("sh", "-c", f'exec "$@" {redirections}', "sh")
    with program("pipes", prefix=prefix, stdin=NULL, stdout=NULL, stderr=NULL) as run:
        assert run.far.next() == ("e", b"")
        run.far.write(b"warning", "r")
        run.far.write(b"data")
        run.far.exit(0)

        assert run.process.wait(20) == code


def test_a_pipe_closed_by_its_reader_ends_it_with_141() -> None:
    with program("pipes", stdin=NULL, stdout=PIPE) as run:
        run.far.write(b"first\n")
        assert run.process.stdout
        assert run.process.stdout.readline() == b"first\n"
        run.process.stdout.close()
        run.far.write(b"second\n")

        assert run.process.wait(20) == ExitStatus.CLOSED_PIPE


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_ends_a_session_without_a_terminal(number: signal.Signals) -> None:
    with program("pipes", stdin=NULL, stdout=NULL) as run:
        assert run.far.next() == ("e", b"")
        run.send(number)

        assert run.process.wait(20) == 128 + number


def test_under_nohup_a_hangup_is_ignored() -> None:
    with program("pipes", prefix=("nohup",), stdin=NULL, stdout=NULL, stderr=NULL) as run:
        assert run.far.next() == ("e", b"")
        run.send(signal.SIGHUP)
        run.far.exit(9)

        assert run.process.wait(20) == 9


def test_a_terminal_as_input_of_pipes_ends_by_ctrl_d() -> None:
    with Terminal() as terminal, on_terminal(terminal, "pipes") as run:
        terminal.type(b"line\n\x04")

        assert run.far.next() == ("i", b"line\n")
        assert run.far.next() == ("e", b"")
        run.far.exit(0)
        assert ended(run, terminal) == 0


def test_a_paused_reader_of_our_output_does_not_keep_an_interrupted_program() -> None:
    reads, writes = os.pipe()
    with program("pipes", stdin=NULL, stdout=writes) as run:
        run.far.write(b"x" * 300_000)
        wait_until(lambda: not select.select([], [writes], [], 0)[1])
        run.send(signal.SIGINT)

        assert run.process.wait(20) == 128 + signal.SIGINT
    os.close(reads)
    os.close(writes)
