"""Concurrent work that ends as a whole when the user stops it."""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from kubectl_dshell.commands.descriptor_budget import affordable
from kubectl_dshell.errors import Interrupted
from kubectl_dshell.streaming.interruptible import SLICE_SECONDS
from kubectl_dshell.streaming.wakeup import Wakeup

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

_SIGINT = 2  # only terminal/ imports signal

T = TypeVar("T")
R = TypeVar("R")


class Stop:
    """Asks running work to end: set once, seen by every worker, readable for pollers."""

    def __init__(self) -> None:
        self._wakeup = Wakeup()
        self._is_set = threading.Event()

    def set(self) -> None:
        if not self._is_set.is_set():
            self._is_set.set()
            self._wakeup.wake()  # never cleared, so that every poller sees it

    def is_set(self) -> bool:
        return self._is_set.is_set()

    def check(self) -> None:
        """Raises Interrupted once set, as SIGINT would in the main thread."""
        if self._is_set.is_set():
            raise Interrupted(_SIGINT)

    def wait(self, seconds: float) -> bool:
        """Whether it is set within `seconds`."""
        return self._is_set.wait(seconds)

    def fileno(self) -> int:
        """Readable from `set` on, until `close`."""
        return self._wakeup.fileno()

    def clear(self) -> None:
        """Does nothing: the other workers have to see it too."""

    def close(self) -> None:
        self._wakeup.close()


def each(items: Iterable[T], work: Callable[[T, Stop], R], concurrency: int) -> Generator[tuple[T, R]]:
    """Each item with its result from `work`, in order of completion; an item is taken when a worker is free.

    Runs fewer than `concurrency` at a time if there are too few file descriptors.

    Closing the iterator, a failure of `work` or a signal sets the Stop and waits for the workers, so that nothing is
    left running. Signals interrupt the caller, in the main thread; `work` sees only its Stop.
    """
    todo, stop = iter(items), Stop()
    concurrency = affordable(concurrency)
    pool = ThreadPoolExecutor(concurrency)
    try:
        running = {pool.submit(work, item, stop): item for item in islice(todo, concurrency)}
        while running:
            done, _ = wait(running, SLICE_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                item = running.pop(future)
                running |= {pool.submit(work, following, stop): following for following in islice(todo, 1)}
                yield item, future.result()
    finally:
        stop.set()
        pool.shutdown()
        stop.close()
