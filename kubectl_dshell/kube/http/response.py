"""Responses that are bounded in time and size, whatever the server does.

A socket timeout applies to a single read, so a server that trickles bytes never exceeds it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kubectl_dshell.errors import Malformed
from kubectl_dshell.kube.http.chunked import ChunkedBody
from kubectl_dshell.kube.http.errors import CutShort, HttpError
from kubectl_dshell.kube.http.head import (
    SWITCHING_PROTOCOLS,
    body_length,
    fields,
    is_interim,
    plain_line,
    status_line,
    stays_open,
)

if TYPE_CHECKING:
    import socket

LARGEST_HEAD = 256 * 1024
"""Bytes of status lines and headers, including those of 1xx responses."""
LONGEST_LINE = 64 * 1024
MOST_HEADERS = 100
LARGEST_BODY = 64 * 1024 * 1024
"""Bytes, both as sent and as decoded."""
MOST_CHUNKS = 100_000
"""Per body: no server sends 64 MiB in chunks of less than 640 bytes."""
_FRAMING = 4 * 1024 * 1024
"""Bytes between the chunks of a body."""
_RECORD = 16 * 1024
"""Bytes of the longest TLS record."""


class Response:
    """The response to one request, read from a socket that is the caller's."""

    def __init__(self, sock: socket.socket, seconds: float, ahead: int = _RECORD) -> None:
        """It has to be complete within `seconds`; `ahead` is how much to read at a time for the head."""
        self.sock = sock
        self.status, self.reason = 0, ""
        self.headers: dict[str, str] = {}
        self.heard = False
        """Whether any byte of it arrived."""
        self.complete = False
        """Whether the whole body has been read."""
        self._deadline = time.monotonic() + seconds
        self._room = LARGEST_HEAD
        self._ahead = ahead
        self._received = bytearray()
        self._ended = False
        self._chunks: ChunkedBody | None = None
        self._left: int | None = None
        self._stays_open = False

    @property
    def chunked(self) -> bool:
        return self._chunks is not None

    @property
    def reusable(self) -> bool:
        """Whether the connection may carry another request: it is at the end of this response, and not beyond."""
        surplus = self._received or (self._chunks is not None and self._chunks.surplus)
        return self.complete and self._stays_open and self.status != SWITCHING_PROTOCOLS and not surplus

    def begin(self) -> None:
        """Read the head; 1xx responses before it are skipped, except 101.

        Raises:
            OSError: no response (TimeoutError: in time).
            HttpError: not HTTP/1, out of bounds, or ambiguous.
        """
        try:
            while True:
                self.status, self.reason, old = status_line(self._line())
                self.headers = fields(self._lines())
                if not is_interim(self.status):
                    break
            chunked, self._left = body_length(self.status, self.headers, old=old)
        except Malformed as error:
            raise HttpError(error.message) from error
        self._chunks = ChunkedBody(MOST_CHUNKS) if chunked else None
        self.complete = self._left == 0
        self._stays_open = stays_open(self.headers, old=old) and (chunked or self._left is not None)
        self._room = LARGEST_BODY + _FRAMING

    def read(self, most: int) -> bytes:
        """The next `most` bytes of the body; fewer before its end, b"" at it.

        Raises:
            OSError, HttpError: it broke, was cut short, timed out, or is out of bounds.
        """
        body = bytearray()
        try:
            while len(body) < most and not self.complete:
                body += self._some(most - len(body))
        except CutShort:
            if not body:
                raise
        except Malformed as error:
            raise HttpError(error.message) from error
        return bytes(body)

    def hand_over(self) -> bytes:
        """What has been received but not read; from now on the caller reads the socket itself, without a deadline."""
        data = bytes(self._received)
        self._received.clear()
        return data

    def _lines(self) -> list[bytes]:
        lines = []
        while line := self._line():
            lines.append(line)
            if len(lines) > MOST_HEADERS:
                raise Malformed(f"more than {MOST_HEADERS} headers")
        return lines

    def _line(self) -> bytes:
        searched = 0
        while (end := self._received.find(b"\n", searched)) < 0 and len(self._received) <= LONGEST_LINE:
            searched = len(self._received)
            data = self._receive(self._ahead)
            if not data and self.heard:
                raise CutShort
            if not data:
                raise ConnectionResetError("Remote end closed connection without response")
            self._received += data
        if not 0 <= end <= LONGEST_LINE:
            raise Malformed(f"a line of more than {LONGEST_LINE >> 10} KiB")
        line = bytes(self._received[:end])
        del self._received[: end + 1]
        return plain_line(line)

    def _some(self, most: int) -> bytes:
        """At most that much of the body; b"" also if only framing arrived."""
        wanted = most if self._left is None else min(most, self._left)
        if self._received:
            data = bytes(self._received[:wanted])
            del self._received[:wanted]
        else:
            data = self._receive(wanted)
        if not data and (self._chunks is not None or self._left is not None):
            raise CutShort
        if self._chunks is not None:
            data = self._chunks.feed(data)
            self.complete = self._chunks.ended
        elif self._left is not None:
            self._left -= len(data)
            self.complete = self._left == 0
        else:
            self.complete = not data
        return data

    def _receive(self, most: int) -> bytes:
        """b"" at the end of the connection."""
        if self._ended:
            return b""
        if self._room < 0:
            raise HttpError("the response is too large")
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self.sock.settimeout(left)
        data = self.sock.recv(most)
        self.heard = self.heard or bool(data)
        self._ended = not data
        self._room -= len(data)
        return data
