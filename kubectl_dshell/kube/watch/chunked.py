"""Incremental decoder for chunked HTTP/1.1 bodies (RFC 9112, 7.1). Pure."""

from __future__ import annotations

import re

from kubectl_dshell.errors import Malformed

LONGEST_LINE = 4096
"""Bytes of a line between chunks: a size and extensions, which no known server sends."""
_SIZE = re.compile(rb"[0-9a-fA-F]{1,15}")


class ChunkedBody:
    """Turns bytes from the socket into bytes of the body."""

    def __init__(self) -> None:
        """At the beginning of the body."""
        self._line = bytearray()
        self._left = 0
        self._after_data = False
        self.ended = False

    def feed(self, data: bytes) -> bytes:
        """The bytes of the body in `data`; `ended` is set after the last chunk.

        Raises:
            Malformed: not a chunked body.
        """
        body, start = bytearray(), 0
        while start < len(data) and not self.ended:
            if self._left:
                piece = data[start : start + self._left]
                start += len(piece)
                self._left -= len(piece)
                self._after_data = True
                body += piece
                continue
            end = data.find(b"\n", start)
            stop = end if end >= 0 else len(data)
            if len(self._line) + stop - start > LONGEST_LINE:
                raise Malformed("a chunk size whose line does not end")
            self._line += data[start:stop]
            start = stop + 1
            if end >= 0:
                self._take_line(bytes(self._line))
                self._line.clear()
        return bytes(body)

    def _take_line(self, line: bytes) -> None:
        if self._after_data:
            self._after_data = False
            return
        size = line.partition(b";")[0].strip()
        if not _SIZE.fullmatch(size):
            raise Malformed(f"not a valid chunk size: {size[:40]!r}")
        self._left = int(size, 16)
        self.ended = self._left == 0
