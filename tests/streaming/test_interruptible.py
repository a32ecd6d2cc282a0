"""A wait that a signal ends, whenever it arrives."""

from __future__ import annotations

import threading
import time

import pytest

from kubectl_dshell.streaming import interruptible


class Deaf(threading.Event):
    """A wait for it without a limit would not be heard of again; those with one run out at once."""

    def __init__(self, set_at: int) -> None:
        super().__init__()
        self.limits: list[float] = []
        self._set_at = set_at

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.limits.append(timeout)
        return len(self.limits) >= self._set_at


@pytest.mark.parametrize("seconds", [None, 60])
def test_an_event_is_waited_for_in_slices(seconds: float | None) -> None:
    event = Deaf(set_at=3)

    assert interruptible.wait(event, seconds)
    assert event.limits == [interruptible.SLICE_SECONDS] * 3


@pytest.mark.parametrize("seconds", [-1, 0, 0.02, 0.3])
def test_an_event_that_is_not_set_in_time(seconds: float) -> None:
    began = time.monotonic()

    assert not interruptible.wait(threading.Event(), seconds)
    assert time.monotonic() - began >= seconds


def test_a_thread_is_waited_for_in_slices() -> None:
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    limits = []

    class Watched:
        def is_alive(self) -> bool:
            return thread.is_alive()

        def join(self, timeout: float | None = None) -> None:
            assert timeout is not None
            limits.append(timeout)
            over.set()
            thread.join(timeout)

    interruptible.join(Watched())  # type: ignore[arg-type]
    assert not thread.is_alive()
    assert set(limits) == {interruptible.SLICE_SECONDS}
