"""Waiting ends at the first true value, or fails and says what did not happen."""

from __future__ import annotations

import time

import pytest

from tests import waiting
from tests.waiting import patient, wait_until


def test_the_first_true_value_is_returned() -> None:
    values = iter(["", None, "found", "later"])

    assert wait_until(lambda: next(values), 10) == "found"


def test_what_does_not_happen_in_time_is_named() -> None:
    began = time.monotonic()

    with pytest.raises(AssertionError, match=r"waited 0\.02 s in vain for its end"):
        wait_until(lambda: False, 0.02, "its end")

    assert time.monotonic() - began >= 0.02


def test_where_nodes_are_slow_everything_is_waited_for_as_many_times_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "SLOWNESS", 10)

    with pytest.raises(AssertionError, match=r"waited 0\.1 s in vain for its end"):
        wait_until(lambda: False, 0.01, "its end")

    assert patient(60) == 600


def test_what_is_there_instead_is_told_as_it_is_in_the_end() -> None:
    printed = iter(["early", "late"])
    next(printed)

    with pytest.raises(AssertionError, match="in vain for late"):
        wait_until(lambda: False, 0.01, lambda: next(printed))


def test_a_condition_that_raises_is_not_asked_again() -> None:
    values = iter([0])

    with pytest.raises(StopIteration):
        wait_until(lambda: next(values), 10)
