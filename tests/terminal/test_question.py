"""A question on a real terminal: only an answer that was typed after it counts."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import redirect_stderr, suppress
from typing import TYPE_CHECKING

import pytest

from kubectl_dshell.errors import ConnectionLost, Interrupted
from kubectl_dshell.terminal.question import confirm
from kubectl_dshell.terminal.signals import Signals
from tests.terminal.fakes import FakeCompanion
from tests.terminal.rig import Terminal, thread
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.terminal

QUESTION = b"Really? [y/N]: "


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """Our stdin."""
    with Terminal() as opened:
        before = os.dup(0)
        os.dup2(opened.slave, 0)
        yield opened
        os.dup2(before, 0)
        os.close(before)


class Companion(FakeCompanion):
    """Counts how often it is served."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.served = 0
        self._error = error

    def service(self, now: float) -> float:
        self.served += 1
        if self._error:
            raise self._error
        return now + 0.01


def answered(terminal: Terminal, act: Callable[[], object], companion: Companion | None = None) -> bool:
    """What is taken for the answer if `act` happens once the question is there."""

    def person() -> None:
        wait_until(lambda: terminal.look().endswith(QUESTION), 10)
        act()

    stderr = os.fdopen(os.dup(terminal.slave), "w", encoding="utf-8")
    try:
        with redirect_stderr(stderr), thread(person):
            return confirm("Really?", companion or Companion(), time.monotonic)
    finally:
        with suppress(OSError):  # what is left cannot be written
            stderr.close()


@pytest.mark.parametrize(
    ("keys", "agreed"),
    [
        (b"y\n", True),
        (b"YES\n", True),
        (b" y \n", True),
        (b"n\n", False),
        (b"\n", False),
        (b"yy\n", False),
        (b"yes please\n", False),
        (b"\x04", False),
        (b"y\x04\x04", True),
        (b"y" * 3000 + b"\n", False),
    ],
)
def test_only_a_yes_agrees(terminal: Terminal, keys: bytes, agreed: bool) -> None:
    assert answered(terminal, lambda: terminal.type(keys)) is agreed


def test_what_was_typed_ahead_is_no_answer(terminal: Terminal) -> None:
    terminal.type(b"y\ny\n")

    assert not answered(terminal, lambda: terminal.type(b"n\n"))


def test_the_companion_is_served_until_the_answer(terminal: Terminal) -> None:
    companion = Companion()

    def wait_long() -> None:
        wait_until(lambda: companion.served > 5, 10)
        terminal.type(b"y\n")

    assert answered(terminal, wait_long, companion)


def test_a_lost_companion_does_not_take_the_question_with_it(terminal: Terminal) -> None:
    companion = Companion(ConnectionLost("gone"))

    assert answered(terminal, lambda: terminal.type(b"y\n"), companion)
    assert companion.served == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_question_and_its_line(terminal: Terminal, number: signal.Signals) -> None:
    with Signals(), pytest.raises(Interrupted) as stop:
        answered(terminal, lambda: signal.pthread_kill(threading.main_thread().ident or 0, number))

    assert stop.value.signal_number == number
    assert terminal.look().endswith(QUESTION + b"\r\n")


def test_a_terminal_that_is_closed_does_not_agree(terminal: Terminal) -> None:
    assert not answered(terminal, terminal.hang_up)
