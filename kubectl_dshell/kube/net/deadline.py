"""A deadline for work that blocks in ways of its own: resolvers, handshakes, peers that trickle bytes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

from kubectl_dshell.streaming import interruptible

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
CONNECT_SECONDS = 15.0


def connect_timeout(seconds: float) -> float:
    """Share of the time for a response that connecting may take: less than all, so that the error tells them apart."""
    return min(CONNECT_SECONDS, 0.8 * seconds)


def run_with_deadline(
    seconds: float, work: Callable[[], T], *, too_late: Callable[[T], object] = lambda _outcome: None
) -> T:
    """The result or exception of `work`.

    It runs in a thread, since a socket timeout applies to single calls only; the waiting caller stays responsive to
    signals. A result after the deadline, or after a signal, is passed to `too_late` in that thread.

    Raises:
        TimeoutError: `seconds` have passed.
    """
    task = Task(work, too_late)
    try:
        try:
            task.start()
        except RuntimeError:  # no more threads: running without a deadline is better than failing
            return work()
        interruptible.wait(task.ready, seconds)
    finally:  # a signal may arrive while the thread is being started
        in_time = task.settle()
    if not in_time:
        raise TimeoutError("timed out")
    return task.result()


class Task(Generic[T]):
    """Work in a thread of its own, whose outcome may be waited for, or not."""

    def __init__(self, work: Callable[[], T], too_late: Callable[[T], object] = lambda _outcome: None) -> None:
        self.ready = threading.Event()
        self._work = work
        self._too_late = too_late
        self._lock = threading.Lock()
        self._outcomes: list[T] = []
        self._failure: BaseException | None = None
        self._abandoned = False

    def start(self) -> None:
        """Begin. Raises RuntimeError if this process can have no more threads."""
        threading.Thread(target=self._run, name="request", daemon=True).start()

    def _run(self) -> None:
        try:
            outcome = self._work()
        except BaseException as error:  # noqa: BLE001  # raised again in the waiting thread
            self._failure = error
        else:
            with self._lock:
                self._outcomes.append(outcome)
                abandoned = self._abandoned
            if abandoned:
                self._too_late(outcome)
        self.ready.set()

    def settle(self) -> bool:
        """Whether the work is done; any later result is too late."""
        with self._lock:
            self._abandoned = True
            return bool(self._outcomes) or self._failure is not None

    def result(self) -> T:
        """The result or exception, once `settle` has said that there is one."""
        if self._failure is not None:
            raise self._failure
        return self._outcomes[0]
