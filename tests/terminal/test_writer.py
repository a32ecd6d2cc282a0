"""A writer never blocks its caller, keeps the order, and tells what went wrong."""

from __future__ import annotations

import errno
import os
import select
import threading
from typing import TYPE_CHECKING

import pytest

from kubectl_dshell.terminal.writer import LIMIT, FdWriter
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.terminal


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reads, writes = os.pipe()
    yield reads, writes
    os.close(reads)
    os.close(writes)


def read_exactly(fd: int, length: int) -> bytes:
    found = b""
    while len(found) < length:
        found += os.read(fd, length - len(found))
    return found


def test_all_pieces_come_out_in_order(pipe: tuple[int, int]) -> None:
    writer = FdWriter(pipe[1], "output", lambda: None)
    pieces = [b"%d," % number * (number % 50) for number in range(2000)]
    for piece in pieces:
        writer.write(piece)

    expected = b"".join(pieces)
    assert read_exactly(pipe[0], len(expected)) == expected
    wait_until(lambda: writer.drained)
    assert writer.abandon()


def test_it_says_that_all_is_written_to_who_has_asked(pipe: tuple[int, int]) -> None:
    progress = threading.Event()
    writer = FdWriter(pipe[1], "output", progress.set)
    writer.write(b"x" * 300_000)
    assert not writer.drained
    assert not progress.is_set()

    assert read_exactly(pipe[0], 300_000) == b"x" * 300_000

    assert progress.wait(20)
    assert writer.drained
    assert writer.abandon()


def test_it_says_nothing_to_who_has_not_asked(pipe: tuple[int, int]) -> None:
    calls: list[bool] = []
    writer = FdWriter(pipe[1], "output", lambda: calls.append(writer.drained))
    for _ in range(10):
        writer.write(b"x" * 1000)
        read_exactly(pipe[0], 1000)
    assert writer.abandon(20)

    assert calls == []


def test_a_reader_that_pauses_fills_the_writer_and_reading_makes_room(pipe: tuple[int, int]) -> None:
    progress = threading.Event()
    writer = FdWriter(pipe[1], "output", progress.set)
    written = 0
    while not writer.full:
        writer.write(b"x" * 100_000)
        written += 100_000
    assert LIMIT <= written < 2 * LIMIT
    assert not progress.is_set()

    assert read_exactly(pipe[0], written) == b"x" * written
    assert progress.wait(20)
    wait_until(lambda: writer.drained)
    assert writer.abandon()


def test_abandoning_forgets_the_queue_and_does_not_wait_for_a_paused_reader(pipe: tuple[int, int]) -> None:
    writer = FdWriter(pipe[1], "output", lambda: None)
    while not writer.full:
        writer.write(b"x" * 300_000)

    wait_until(lambda: not select.select([], [pipe[1]], [], 0)[1])
    assert not writer.abandon(0.01)
    assert writer.drained
    writer.write(b"too late")
    assert writer.drained
    while not writer.abandon(0.01):
        assert b"late" not in os.read(pipe[0], 65536)


@pytest.mark.parametrize(
    ("path", "flags", "number"),
    [
        pytest.param("/dev/full", os.O_WRONLY, errno.ENOSPC, id="disk-full"),
        pytest.param("/dev/null", os.O_RDONLY, errno.EBADF, id="closed-at-start"),
    ],
)
def test_a_failure_is_kept_and_the_rest_goes_nowhere(path: str, flags: int, number: int) -> None:
    told = threading.Event()
    fd = os.open(path, flags)
    writer = FdWriter(fd, "output", told.set)
    writer.write(b"x")

    assert told.wait(20)
    assert writer.failure is not None
    assert writer.failure.errno == number
    writer.write(b"y")
    assert writer.drained
    assert writer.abandon()
    os.close(fd)


def test_a_pipe_made_non_blocking_by_somebody_else_loses_nothing(pipe: tuple[int, int]) -> None:
    os.set_blocking(pipe[1], False)
    writer = FdWriter(pipe[1], "output", lambda: None)
    data = os.urandom(1024) * 600
    writer.write(data)

    assert read_exactly(pipe[0], len(data)) == data
    assert not os.get_blocking(pipe[1])
    wait_until(lambda: writer.drained)
    assert writer.abandon()


def test_a_writer_that_never_wrote_can_be_abandoned(pipe: tuple[int, int]) -> None:
    assert FdWriter(pipe[1], "output", lambda: None).abandon()
