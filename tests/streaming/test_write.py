"""Everything is written, however little is taken at a time."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from kubectl_dshell.streaming.write import write_all, write_pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    os.close(reader)
    os.close(writer)


def read_while(write: Callable[[], object], reader: int, length: int) -> bytes:
    """`length` bytes, while a thread writes them."""
    thread = threading.Thread(target=write)
    thread.start()
    found = b""
    while len(found) < length:
        found += os.read(reader, 4096)
    thread.join()
    return found


@pytest.mark.parametrize("blocking", [True, False], ids=["blocking", "non-blocking"])
def test_more_than_a_pipe_holds_arrives_whole(pipe: tuple[int, int], blocking: bool) -> None:
    data = os.urandom(1_000_000)
    os.set_blocking(pipe[1], blocking)

    assert read_while(lambda: write_all(pipe[1], data), pipe[0], len(data)) == data


def test_once_given_up_nothing_more_is_written(pipe: tuple[int, int]) -> None:
    os.set_blocking(pipe[1], False)
    answers = iter([False, True])

    write_all(pipe[1], bytes(1_000_000), lambda: next(answers))

    assert 0 < len(os.read(pipe[0], 1_000_000)) < 1_000_000


@pytest.mark.parametrize("blocking", [True, False], ids=["blocking", "non-blocking"])
def test_pieces_arrive_whole_and_in_order(pipe: tuple[int, int], blocking: bool) -> None:
    pieces = [memoryview(os.urandom(size)) for size in (1, 70_000, 3, 200_000, 65_536, 2)]
    data = b"".join(pieces)
    os.set_blocking(pipe[1], blocking)

    assert read_while(lambda: write_pieces(pipe[1], pieces, lambda: False), pipe[0], len(data)) == data


def test_once_given_up_no_more_pieces_are_written(pipe: tuple[int, int]) -> None:
    os.set_blocking(pipe[1], False)
    answers = iter([False, True])

    write_pieces(pipe[1], [memoryview(bytes(100_000))] * 10, lambda: next(answers))

    assert 0 < len(os.read(pipe[0], 1_000_000)) < 1_000_000


def test_a_reader_that_has_gone_is_an_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)

    with pytest.raises(BrokenPipeError):
        write_all(writer, b"x")

    os.close(writer)
