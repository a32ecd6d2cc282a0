"""Incremental decoder for chunked HTTP/1.1 bodies (RFC 9112, 7.1). Pure."""

from __future__ import annotations

from kubectl_dshell.errors import Malformed
from kubectl_dshell.kube.http.head import plain_line

LONGEST_LINE = 4096
"""Bytes of a line between chunks: a size and extensions, which no known server sends."""
MOST_TRAILERS = 100
_HEXADECIMAL = b"0123456789abcdefABCDEF"
_LONGEST_SIZE = 15
"""Digits of the size of a chunk."""


class ChunkedBody:
    """Turns bytes from the socket into bytes of the body."""

    def __init__(self, most: int | None = None) -> None:
        """At the beginning of the body, which has at most that many chunks."""
        self._most = most
        self._line = bytearray()
        self._left = 0
        self._chunks = 0
        self._after_data = False
        self._trailers: int | None = None
        self.ended = False
        self.surplus = False
        """Whether more came after the end."""

    def feed(self, data: bytes) -> bytes:
        """The bytes of the body in `data`; `ended` is set after the blank line behind the last chunk.

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
                raise Malformed("a line between chunks that does not end")
            self._line += data[start:stop]
            start = stop + 1
            if end >= 0:
                self._take_line(plain_line(bytes(self._line)))
                self._line.clear()
        self.surplus = self.surplus or start < len(data)
        return bytes(body)

    def _take_line(self, line: bytes) -> None:
        if self._after_data:
            self._after_data = False
            if line:
                raise Malformed("a chunk that is longer than its size")
        elif self._trailers is not None:
            self._trailers += 1
            self.ended = not line
            if self._trailers > MOST_TRAILERS:
                raise Malformed("too many lines behind the last chunk")
        else:
            self._left = self._size(line)
            if not self._left:
                self._trailers = 0

    def _size(self, line: bytes) -> int:
        size = line.partition(b";")[0].strip(b" \t")
        if not size or len(size) > _LONGEST_SIZE or size.translate(None, _HEXADECIMAL):
            raise Malformed(f"not a valid chunk size: {size[:40]!r}")
        self._chunks += 1
        if self._most is not None and self._chunks > self._most:
            raise Malformed("too many chunks")
        return int(size, 16)
