"""One signal, one exception, at a moment of our choosing."""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest

from kubectl_dshell.errors import Interrupted
from kubectl_dshell.terminal.signals import Signals

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.terminal

STOPPING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]
ALL = [*STOPPING, signal.SIGWINCH, signal.SIGCONT]


@pytest.fixture
def signals() -> Iterator[Signals]:
    with Signals() as installed:
        yield installed


def is_readable(signals: Signals) -> bool:
    return bool(select.select([signals], [], [], 0)[0])


@pytest.mark.parametrize("number", STOPPING)
@pytest.mark.usefixtures("signals")
def test_a_signal_raises_interrupted_with_its_number(number: signal.Signals) -> None:
    with pytest.raises(Interrupted) as raised:
        signal.raise_signal(number)

    assert raised.value.signal_number == number


@pytest.mark.parametrize("number", STOPPING)
def test_a_held_signal_is_raised_when_the_hold_ends(signals: Signals, number: signal.Signals) -> None:
    steps = []
    with pytest.raises(Interrupted) as raised:  # noqa: PT012  # when it is raised is the point
        with signals.held():
            with signals.held():
                signal.raise_signal(number)
                steps.append("inner")
            steps.append("outer")
        steps.append("never")

    assert (steps, raised.value.signal_number) == (["inner", "outer"], number)


def test_the_first_of_several_held_signals_counts(signals: Signals) -> None:
    def hold() -> None:
        with signals.held():
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(Interrupted) as raised:
        hold()

    assert raised.value.signal_number == signal.SIGTERM


def test_check_raises_inside_a_hold_and_only_once(signals: Signals) -> None:
    with signals.held():
        signals.check()
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(Interrupted):
            signals.check()
        signals.check()


def test_further_signals_during_clean_up_are_ignored(signals: Signals) -> None:
    with pytest.raises(Interrupted):
        signal.raise_signal(signal.SIGINT)

    with signals.held():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)


@pytest.mark.usefixtures("signals")
def test_a_second_signal_at_once_is_part_of_the_first() -> None:
    with pytest.raises(Interrupted):
        signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGTERM)


def test_a_later_one_counts() -> None:
    with Signals(patience_seconds=0.01):
        with pytest.raises(Interrupted):
            signal.raise_signal(signal.SIGINT)
        time.sleep(0.02)
        with pytest.raises(Interrupted):
            signal.raise_signal(signal.SIGTERM)


@pytest.mark.parametrize("number", ALL)
def test_a_held_signal_makes_the_descriptor_readable(signals: Signals, number: signal.Signals) -> None:
    with signals.held():
        assert not is_readable(signals)
        signal.raise_signal(number)
        assert is_readable(signals)
        signals.clear()
        assert not is_readable(signals)
        assert signals.take_resized() == (number == signal.SIGWINCH)
        assert signals.take_continued() == (number == signal.SIGCONT)
        assert not signals.take_resized()
        assert not signals.take_continued()
        if number in STOPPING:
            with pytest.raises(Interrupted):
                signals.check()


@pytest.mark.usefixtures("signals")
def test_a_wait_in_another_call_is_interrupted() -> None:
    started = time.monotonic()
    timer = threading.Timer(0.05, os.kill, [os.getpid(), signal.SIGTERM])
    timer.start()
    with pytest.raises(Interrupted):
        threading.Event().wait(20)
    timer.join()

    assert time.monotonic() - started < 10


def test_a_long_pause_of_a_worker_ends_with_the_signal_and_a_short_one_is_slept(signals: Signals) -> None:
    ended: list[int] = []

    def work() -> None:
        try:
            signals.pause(20)
        except Interrupted as stop:
            ended.append(stop.signal_number)

    worker = threading.Thread(target=work)
    worker.start()
    with pytest.raises(Interrupted):
        signal.raise_signal(signal.SIGTERM)
    worker.join(10)

    assert ended == [signal.SIGTERM]
    late = threading.Thread(target=signals.pause, args=(0.01,))
    late.start()
    late.join(10)
    signals.pause(0.01)  # clean-up in the main thread


@pytest.mark.parametrize("number", ALL)
def test_the_handlers_of_before_are_back_afterwards(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with Signals():
        assert signal.getsignal(number) != before

    assert signal.getsignal(number) == before
    assert signal.set_wakeup_fd(-1) == -1


@pytest.mark.parametrize("number", STOPPING)
def test_a_signal_that_was_ignored_at_the_start_stays_ignored(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_IGN)
    try:
        with Signals():
            signal.raise_signal(number)
            assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)
