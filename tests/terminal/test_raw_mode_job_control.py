"""In the background and back again, under a shell with job control."""

from __future__ import annotations

import os
import signal
import sys
import termios
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.terminal.rig import Program, Terminal, ended, process_state, program
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.terminal

BACKGROUND, FOREGROUND = signal.SIGUSR1, signal.SIGUSR2


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with Terminal() as opened:
        yield opened


@contextmanager
def background_job(terminal: Terminal, how: str) -> Iterator[tuple[Program, int]]:
    """The program as a job in the background, and its PID; `run.process` is the shell."""
    prefix = ("setsid", "--ctty", sys.executable, str(Path(__file__).parent / "shell.py"))
    slave = terminal.slave
    with program(how, prefix=prefix, stdin=slave, stdout=slave, stderr=slave) as run:
        wait_until(lambda: b"ready" in terminal.look())
        yield run, run.report()["pid"]


@contextmanager
def foreground_session(terminal: Terminal) -> Iterator[tuple[Program, int]]:
    """A raw session that was started in the background, stopped, and then continued in the foreground."""
    with background_job(terminal, "tty") as (run, job):
        wait_until(lambda: process_state(job) == "T")
        assert not terminal.is_raw
        give(run, terminal, FOREGROUND, job)
        os.kill(job, signal.SIGCONT)
        wait_until(lambda: terminal.is_raw)
        yield run, job


def give(run: Program, terminal: Terminal, whom: signal.Signals, pid: int) -> None:
    run.send(whom)
    wait_until(lambda: os.tcgetpgrp(terminal.master) == pid)


def show(run: Program, terminal: Terminal, text: bytes) -> None:
    run.far.write(text)
    wait_until(lambda: text in terminal.look())


def test_a_background_job_is_not_stopped_and_reads_once_it_is_in_the_foreground(terminal: Terminal) -> None:
    with background_job(terminal, "pipes") as (run, job):
        terminal.type(b"typed\n")
        show(run, terminal, b"still running")
        assert process_state(job) != "T"
        assert not run.far.has_frame()
        run.send(FOREGROUND)

        assert run.far.next() == ("i", b"typed\n")
        run.far.exit(4)
        assert ended(run, terminal) == 4


def test_a_session_started_in_the_background_waits_for_the_foreground(terminal: Terminal) -> None:
    before = terminal.attributes()
    with foreground_session(terminal) as (run, _):
        run.far.exit(0)

        assert ended(run, terminal) == 0
    assert terminal.attributes() == before


def test_a_terminal_taken_away_and_given_back_is_raw_again(terminal: Terminal) -> None:
    before = terminal.attributes()
    with foreground_session(terminal) as (run, job):
        give(run, terminal, BACKGROUND, run.process.pid)
        show(run, terminal, b"in the background")
        termios.tcsetattr(terminal.slave, termios.TCSANOW, before)
        show(run, terminal, b"still there")
        assert terminal.attributes() == before
        give(run, terminal, FOREGROUND, job)

        wait_until(lambda: terminal.is_raw)
        run.far.exit(0)
        assert ended(run, terminal) == 0
    assert terminal.attributes() == before


def test_ending_in_the_background_neither_stops_nor_touches_the_terminal_of_others(terminal: Terminal) -> None:
    with foreground_session(terminal) as (run, job):
        show(run, terminal, b"\x1b[?1049h")
        give(run, terminal, BACKGROUND, run.process.pid)
        others = terminal.attributes()
        others[3] &= ~termios.ECHOE
        termios.tcsetattr(terminal.slave, termios.TCSANOW, others)
        os.kill(job, signal.SIGTERM)

        assert ended(run, terminal) == 128 + signal.SIGTERM
    assert terminal.attributes() == others
    assert terminal.shown.endswith(b"\x1b[?1049h")
