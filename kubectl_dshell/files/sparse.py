"""Writes received data to a file; blocks of zeros become holes, so that sparse files stay sparse."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from kubectl_dshell.errors import Truncated
from kubectl_dshell.streaming.write import write_all

if TYPE_CHECKING:
    from kubectl_dshell.domain.progress import ProgressMeter
    from kubectl_dshell.files.tar_reader import TarReader

_PIECE = 256 * 1024  # small enough to be still in the processor's cache when it is written
_HOLE = 16 * 1024
_ZEROS = bytes(_HOLE)


class SparseWriter:
    """One buffer for all files of a copy."""

    def __init__(self, feed: TarReader, meter: ProgressMeter) -> None:
        self._feed = feed
        self._meter = meter
        self._buffer = bytearray(_PIECE)
        self._view = memoryview(self._buffer)

    def expect(self, size: int) -> None:
        self._meter.expect(size)

    def write(self, descriptor: int, size: int) -> None:
        """Write the next `size` bytes to an empty file."""
        left = size
        while left:
            count = self._feed.readinto(self._view[: min(left, _PIECE)])
            if not count:
                raise Truncated("the archive ended unexpectedly")
            left -= count
            self._write(descriptor, count)
            self._meter.advance(count)
        os.ftruncate(descriptor, size)

    def _write(self, descriptor: int, count: int) -> None:
        begin = 0  # of the data not yet written
        for at in range(0, count, _HOLE):
            if self._buffer[at] or self._buffer[at : min(at + _HOLE, count)] != _ZEROS:
                continue
            write_all(descriptor, self._view[begin:at])
            os.lseek(descriptor, _HOLE, os.SEEK_CUR)
            begin = at + _HOLE
        write_all(descriptor, self._view[begin:count])
