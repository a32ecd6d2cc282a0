"""The body of an HTTP/1.1 answer in chunks (RFC 9112, 7.1), fed in any pieces. Pure."""

from __future__ import annotations


class Chunks:
    """Feed it what the socket gave, take what the server meant."""

    def __init__(self) -> None:
        """The body begins."""
        self._buffer = b""
        self._left = 0
        self._after_data = False
        self.ended = False

    def feed(self, data: bytes) -> bytes:
        """The body's bytes in `data`; `ended` is set once the last chunk was seen.

        Raises:
            ValueError: this is no chunked body.
        """
        self._buffer += data
        body = []
        while self._buffer and not self.ended:
            if self._left:
                piece, self._buffer = self._buffer[: self._left], self._buffer[self._left :]
                self._left -= len(piece)
                self._after_data = True
                body.append(piece)
                continue
            line, newline, rest = self._buffer.partition(b"\n")
            if not newline:
                break
            self._buffer = rest
            if self._after_data:
                self._after_data = False
                continue
            self._left = int(line.partition(b";")[0].strip(), 16)
            self.ended = self._left == 0
        return b"".join(body)
