"""The user's terminal: as it was afterwards, whatever happened, and true to every key meanwhile."""

from __future__ import annotations

import os
import signal
import termios
from typing import TYPE_CHECKING

import pytest

from kubectl_dshell.errors import ExitStatus, Interrupted
from kubectl_dshell.terminal import raw_mode
from kubectl_dshell.terminal.raw_mode import RawMode
from kubectl_dshell.terminal.signals import Signals
from kubectl_dshell.terminal.stdin import Stdin
from tests.terminal.rig import Program, Terminal, ended, on_terminal, process_state, program
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.terminal

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]
ALL_ON = b"\x1b[?1049h\x1b[?25l\x1b[?1002;1006h\x1b[?2004h\x1b="


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with Terminal() as opened:
        yield opened


def raw(terminal: Terminal) -> Callable[[], bool]:
    return lambda: terminal.is_raw


@pytest.mark.parametrize(
    ("end", "code"),
    [
        pytest.param(lambda run: run.far.exit(0), 0, id="return"),
        pytest.param(lambda run: run.far.exit(42), 42, id="return-42"),
        pytest.param(lambda run: run.far.socket.close(), ExitStatus.CONNECTION_LOST, id="exception"),
        *(pytest.param(lambda run, n=n: run.send(n), 128 + n, id=n.name) for n in SIGNALS),
    ],
)
def test_the_attributes_are_the_same_after_every_kind_of_end(
    terminal: Terminal, end: Callable[[Program], None], code: int
) -> None:
    before = terminal.attributes()
    with on_terminal(terminal) as run:
        wait_until(raw(terminal))
        end(run)

        assert ended(run, terminal) == code
    assert terminal.attributes() == before


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("switches", [1, 2, 3, 5, 8, 13, 40, 200])
def test_a_signal_while_raw_mode_goes_on_and_off_leaves_the_terminal_as_it_was(
    terminal: Terminal, number: signal.Signals, switches: int
) -> None:
    before = terminal.attributes()
    with on_terminal(terminal, "churn") as run:
        run.report()
        run.reports.read(switches)
        run.send(number)

        assert ended(run, terminal) == 128 + number
    assert terminal.attributes() == before


@pytest.mark.parametrize("shown", [0, 1, 1000, 100_000, 1_000_000])
def test_a_signal_in_a_flood_of_output_leaves_the_terminal_as_it_was(terminal: Terminal, shown: int) -> None:
    before = terminal.attributes()
    with on_terminal(terminal) as run:
        wait_until(raw(terminal))
        run.far.socket.setblocking(False)
        while len(terminal.look()) <= shown:
            try:
                run.far.write(b"\x1b[1mflood\x1b[?1049h" * 50)
            except BlockingIOError:
                continue
        run.send(signal.SIGTERM)

        assert ended(run, terminal) == 128 + signal.SIGTERM
    assert terminal.attributes() == before
    assert terminal.shown.endswith(b"\x1b[?1049l\x1b[0m")


def test_several_signals_at_once_are_one_wish_and_the_terminal_is_restored(terminal: Terminal) -> None:
    before = terminal.attributes()
    with on_terminal(terminal) as run:
        wait_until(raw(terminal))
        for number in SIGNALS * 3:
            run.send(number)

        # the last of them may come when the handlers are gone already; a shell sees the same of both
        assert ended(run, terminal) in {code for number in SIGNALS for code in (128 + number, -number)}
    assert terminal.attributes() == before


def test_a_terminal_that_vanishes_ends_the_session_as_a_hangup(terminal: Terminal) -> None:
    with on_terminal(terminal) as run:
        wait_until(raw(terminal))
        terminal.hang_up()

        assert ended(run, terminal) == 128 + signal.SIGHUP


def test_a_terminal_that_vanishes_without_a_signal_ends_the_session_as_a_hangup(terminal: Terminal) -> None:
    """Only the leader of the terminal's session and its foreground group are told by the kernel."""
    slave = terminal.slave
    with program("tty", stdin=slave, stdout=slave, stderr=slave) as run:
        wait_until(raw(terminal))
        terminal.hang_up()

        assert ended(run, terminal) == 128 + signal.SIGHUP


def test_a_terminal_that_vanishes_as_soon_as_it_is_raw_is_a_hangup_too(terminal: Terminal) -> None:
    mode = RawMode(terminal.slave, terminal.slave)
    terminal.hang_up()

    with Signals() as signals, pytest.raises(Interrupted) as hangup:
        Stdin(terminal.slave, signals, mode).read()

    assert hangup.value.signal_number == signal.SIGHUP


def test_keys_typed_before_raw_mode_arrive(terminal: Terminal) -> None:
    terminal.type(b"ls -l\nunfinish")
    with on_terminal(terminal) as run:
        wait_until(raw(terminal))
        terminal.type(b"ed\r")

        assert run.far.input_until(b"\r") == b"ls -l\nunfinished\r"


def test_every_key_is_just_a_byte(terminal: Terminal) -> None:
    keys = bytes(range(256)) + "żółw €".encode()
    with on_terminal(terminal) as run:
        wait_until(raw(terminal))
        for key in keys:
            terminal.type(bytes([key]))

        assert run.far.input_until("€".encode()) == keys


def test_the_size_is_sent_at_the_start_and_a_storm_of_resizes_ends_with_the_last(terminal: Terminal) -> None:
    with on_terminal(terminal) as run:
        assert run.far.next() == ("s", b"80 24")
        for columns in range(20, 220):
            terminal.resize(columns, 50)
        terminal.resize(137, 43)
        while run.far.next() != ("s", b"137 43"):
            pass
        run.far.exit(0)
        assert ended(run, terminal) == 0
        assert {run.far.next(), run.far.next()} <= {("s", b"137 43"), ("", b"")}


def test_after_a_stop_raw_mode_is_back_and_the_size_is_sent_again(terminal: Terminal) -> None:
    before = terminal.attributes()
    with on_terminal(terminal) as run:
        assert run.far.next() == ("s", b"80 24")
        run.send(signal.SIGSTOP)
        wait_until(lambda: process_state(run.process.pid) == "T")
        termios.tcsetattr(terminal.slave, termios.TCSANOW, before)
        run.send(signal.SIGCONT)

        wait_until(raw(terminal))
        assert run.far.next() == ("s", b"80 24")
        run.far.exit(0)
        assert ended(run, terminal) == 0
    assert terminal.attributes() == before


def test_what_a_full_screen_program_left_on_is_switched_off_when_the_connection_dies(terminal: Terminal) -> None:
    with on_terminal(terminal) as run:
        run.far.write(ALL_ON)
        wait_until(lambda: terminal.look().endswith(ALL_ON))
        run.far.socket.close()

        assert ended(run, terminal) == ExitStatus.CONNECTION_LOST
    undo = terminal.shown.removeprefix(ALL_ON)
    assert undo == b"\x1b[?2004l\x1b[?1006l\x1b[?1002l\x1b[?25h\x1b[?1049l\x1b>\x1b[0m"


def test_what_a_killed_program_left_on_is_switched_off(terminal: Terminal) -> None:
    with on_terminal(terminal) as run:
        run.far.write(ALL_ON)
        run.far.exit(137)

        assert ended(run, terminal) == 137
    assert terminal.shown.removeprefix(ALL_ON).endswith(b"\x1b[?1049l\x1b>\x1b[0m")


def test_a_normal_exit_adds_nothing_to_the_output(terminal: Terminal) -> None:
    with on_terminal(terminal) as run:
        run.far.write(ALL_ON)
        run.far.exit(0)

        assert ended(run, terminal) == 0
    assert terminal.shown == ALL_ON


def test_whether_a_terminal_is_raw_is_seen_from_outside(terminal: Terminal) -> None:
    with on_terminal(terminal) as run:
        wait_until(raw(terminal))
        assert raw_mode.is_raw(terminal.slave)
        run.far.exit(0)
        assert ended(run, terminal) == 0

    assert not raw_mode.is_raw(terminal.slave)


def test_what_is_no_terminal_is_not_raw() -> None:
    reads, writes = os.pipe()
    assert not raw_mode.is_raw(writes)
    os.close(reads)
    os.close(writes)
    assert not raw_mode.is_raw(writes)
