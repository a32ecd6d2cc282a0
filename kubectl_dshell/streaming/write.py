"""Complete writes."""

from __future__ import annotations

import os
import select
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def write_all(fd: int, data: bytes | memoryview, given_up: Callable[[], bool] = lambda: False) -> None:
    """Write all of `data`, however little the kernel accepts at a time, unless `given_up`; raises OSError.

    `fd` may be non-blocking: O_NONBLOCK belongs to the open file, and another process that shares it may have set it.
    """
    view = memoryview(data)
    while view and not given_up():
        try:
            view = view[os.write(fd, view) :]
        except BlockingIOError:
            _wait_until_writable(fd)


def write_pieces(fd: int, pieces: Sequence[memoryview], given_up: Callable[[], bool]) -> None:
    """The same for several pieces, one after the other; at most IOV_MAX (1024), none of them empty."""
    left = list(pieces)
    while left and not given_up():
        try:
            count = os.writev(fd, left)
        except BlockingIOError:
            _wait_until_writable(fd)
            continue
        while left and count >= len(left[0]):
            count -= len(left.pop(0))
        if count:
            left[0] = left[0][count:]


def _wait_until_writable(fd: int) -> None:
    poller = select.poll()
    poller.register(fd, select.POLLOUT)
    poller.poll()
