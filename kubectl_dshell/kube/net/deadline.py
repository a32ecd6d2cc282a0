"""A deadline around work that waits in ways of its own: resolvers, handshakes, peers that say a byte now and then."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
CONNECT_SECONDS = 15.0


def connect_timeout(seconds: float) -> float:
    """How many of the seconds for an answer a connection may take: fewer, so that it is known who was late."""
    return min(CONNECT_SECONDS, 0.8 * seconds)


def run_with_deadline(
    seconds: float, work: Callable[[], T], *, too_late: Callable[[T], object] = lambda _outcome: None
) -> T:
    """What `work` returns or raises.

    It runs in a thread, for no timeout of a socket is one for all that is said over it. Who waits for it hears of
    signals at once. What comes after the deadline, or after a signal, goes to `too_late`, in that thread.

    Raises:
        TimeoutError: `seconds` have passed.
    """
    task = _Task(work, too_late)
    try:
        try:
            threading.Thread(target=task.run, name="request", daemon=True).start()
        except RuntimeError:  # no more threads for us: without a deadline is better than not at all
            return work()
        task.ready.wait(seconds)
    finally:  # a signal may come while the thread is being started
        in_time = task.settle()
    if not in_time:
        raise TimeoutError("timed out")
    return task.result()


class _Task(Generic[T]):
    def __init__(self, work: Callable[[], T], too_late: Callable[[T], object]) -> None:
        self.ready = threading.Event()
        self._work = work
        self._too_late = too_late
        self._lock = threading.Lock()
        self._outcomes: list[T] = []
        self._failure: BaseException | None = None
        self._abandoned = False

    def run(self) -> None:
        try:
            outcome = self._work()
        except BaseException as error:  # noqa: BLE001  # raised again by who waits
            self._failure = error
        else:
            with self._lock:
                self._outcomes.append(outcome)
                abandoned = self._abandoned
            if abandoned:
                self._too_late(outcome)
        self.ready.set()

    def settle(self) -> bool:
        """Whether it is done; from now on what comes is too late."""
        with self._lock:
            self._abandoned = True
            return bool(self._outcomes) or self._failure is not None

    def result(self) -> T:
        if self._failure is not None:
            raise self._failure
        return self._outcomes[0]
