"""Work on many things at a time."""

from __future__ import annotations

import select
import threading
from collections.abc import Iterator

import pytest

from kubectl_dshell.commands.parallel import Stop, each


def test_every_item_comes_back_with_its_result() -> None:
    assert sorted(each(range(50), lambda n, _stop: n * n, 4)) == [(n, n * n) for n in range(50)]


def test_no_more_than_asked_for_run_at_once() -> None:
    barrier = threading.Barrier(3)
    running: list[int] = []
    most: list[int] = []

    def work(n: int, _stop: Stop) -> None:
        running.append(n)
        most.append(len(running))
        barrier.wait(10)
        running.remove(n)

    assert len(list(each(range(9), work, 3))) == 9
    assert max(most) == 3


def test_items_are_taken_as_workers_get_free() -> None:
    taken: list[int] = []

    def endless() -> Iterator[int]:
        n = 0
        while True:
            taken.append(n)
            yield n
            n += 1

    results = each(endless(), lambda n, _stop: n, 2)
    for _ in range(5):
        next(results)
    results.close()

    assert len(taken) <= 8


def test_who_leaves_early_leaves_nothing_running() -> None:
    ended: list[int] = []

    def work(n: int, stop: Stop) -> None:
        if n:
            assert select.select([stop], [], [], 10)[0]
            assert stop.is_set()
            ended.append(n)

    results = each(range(3), work, 3)
    assert next(results) == (0, None)
    results.close()

    assert sorted(ended) == [1, 2]


def test_a_failure_stops_the_others_and_is_the_caller_s() -> None:
    stopped: list[bool] = []

    def work(n: int, stop: Stop) -> None:
        if n == 0:
            raise ValueError("broken")
        stopped.append(bool(select.select([stop], [], [], 10)[0]))

    with pytest.raises(ValueError, match="broken"):
        list(each(range(2), work, 2))
    assert stopped == [True]
