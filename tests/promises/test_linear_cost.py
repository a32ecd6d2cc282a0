"""What others send in many small pieces costs what it is long, not its square."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from kubectl_dshell.domain.stream import Channel, Output
from kubectl_dshell.kube.exec.frames import MOST_FRAGMENTS, ProtocolError, Reader, encode
from kubectl_dshell.kube.http.chunked import ChunkedBody
from kubectl_dshell.output.sinks.prefixed import PrefixedLines

if TYPE_CHECKING:
    from collections.abc import Callable

TIMES, GENEROUS = 10, 40  # a square would be 100


def fragments(count: int) -> None:
    reader = Reader()
    reader.feed(b"\x02\x00" + b"\x00\x00" * count)


def large_frame_in_pieces(count: int) -> None:
    reader = Reader()
    reader.feed(b"\x82\x7f" + (8 * 1024 * 1024).to_bytes(8, "big"))
    for _ in range(count):
        reader.feed(b"x" * 1000)


def chunks_at_once(count: int) -> None:
    ChunkedBody().feed(b"1\r\nx\r\n" * count)


def chunks_by_the_byte(count: int) -> None:
    chunks = ChunkedBody()
    for _ in range(count):
        for byte in b"1\r\nx\r\n":
            chunks.feed(bytes([byte]))


def masking(count: int) -> None:
    encode(bytes(count * 1000))


class _Paper:
    full = False

    def write(self, channel: Channel, data: bytes) -> None: ...


def dots_without_a_line(count: int) -> None:
    lines = PrefixedLines(_Paper(), dict.fromkeys(Channel, b"web app | "))  # type: ignore[arg-type]
    for _ in range(count):
        lines.write(Output(Channel.STDOUT, b"."))


def seconds(work: Callable[[int], None], count: int) -> float:
    """The best of three, of this process alone."""
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        work(count)
        best = min(best, time.process_time() - began)
    return best


@pytest.mark.parametrize(
    ("work", "count"),
    [
        (fragments, 6000),
        (large_frame_in_pieces, 800),
        (chunks_at_once, 20000),
        (chunks_by_the_byte, 2000),
        (dots_without_a_line, 50000),
        (masking, 400),
    ],
)
def test_ten_times_as_much_costs_ten_times_as_much(work: Callable[[int], None], count: int) -> None:
    assert seconds(work, TIMES * count) < GENEROUS * max(seconds(work, count), 0.0005)


def test_fragments_have_a_number() -> None:
    fragments(MOST_FRAGMENTS - 1)

    with pytest.raises(ProtocolError, match="that is too long"):
        fragments(MOST_FRAGMENTS + 1)


@pytest.mark.parametrize("frame", [b"\x89\x7e\x00\x7e" + b"p" * 126, b"\x09\x00", b"\x88\x7f"])
def test_a_control_frame_is_small_and_whole(frame: bytes) -> None:
    with pytest.raises(ProtocolError):
        Reader().feed(frame + b"\0" * 20)
