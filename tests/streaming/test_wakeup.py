"""A wake-up is seen by whoever polls, until it is cleared; a late one harms nobody."""

from __future__ import annotations

import os
import select
import threading

from kubectl_dshell.streaming.wakeup import Wakeup


def is_readable(wakeup: Wakeup, seconds: float = 0) -> bool:
    return bool(select.select([wakeup], [], [], seconds)[0])


def test_another_thread_wakes_a_poll() -> None:
    wakeup = Wakeup()
    thread = threading.Timer(0.05, wakeup.wake)
    thread.start()

    assert is_readable(wakeup, 20)

    thread.join()
    wakeup.close()


def test_it_stays_readable_until_it_is_cleared_however_often_it_was_woken() -> None:
    wakeup = Wakeup()
    for _ in range(100_000):  # more than a pipe holds
        wakeup.wake()

    assert is_readable(wakeup)
    wakeup.clear()
    assert not is_readable(wakeup)

    wakeup.clear()
    wakeup.close()


def test_a_late_wake_writes_to_no_file_that_has_the_number_by_now() -> None:
    wakeup = Wakeup()
    wakeup.close()
    pipes = [os.pipe() for _ in range(4)]  # take the numbers that became free

    wakeup.wake()
    wakeup.close()

    assert wakeup.fileno() == -1
    assert select.select([reader for reader, _ in pipes], [], [], 0)[0] == []
    for ends in pipes:
        for fd in ends:
            os.close(fd)
