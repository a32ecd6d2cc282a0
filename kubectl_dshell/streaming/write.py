"""Complete writes."""

from __future__ import annotations

import os
import select
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def write_all(fd: int, data: bytes | memoryview, given_up: Callable[[], bool] = lambda: False) -> None:
    """Write all of `data`, however little the kernel accepts at a time, unless `given_up`; raises OSError.

    `fd` may be non-blocking: O_NONBLOCK belongs to the open file, and another process that shares it may have set it.
    """
    view = memoryview(data)
    while view and not given_up():
        try:
            view = view[os.write(fd, view) :]
        except BlockingIOError:
            poller = select.poll()
            poller.register(fd, select.POLLOUT)
            poller.poll()
