"""WebSocket frames (RFC 6455), parsed from a byte stream that arrives in arbitrary pieces.

Pure: bytes to messages and back. A library would own the socket, which the loop that polls several descriptors needs.
"""

from __future__ import annotations

import os
import struct
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from kubectl_dshell.domain.text.bounds import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST_MESSAGE = 16 * 1024 * 1024
"""Servers send 32 KiB; a message is in memory three times before it is printed."""
LARGEST_CONTROL = 125
"""RFC 6455, 5.5: it bounds the reply to a ping."""
MOST_FRAGMENTS = 65536
"""Per message: empty fragments need memory too."""
_ROOM = 64 * 1024
_FIN, _RESERVED, _OPCODE, _MASKED, _LENGTH = 0x80, 0x70, 0x0F, 0x80, 0x7F
_LENGTH_16, _LENGTH_64 = 126, 127


class Opcode(IntEnum):
    """The kinds of frames (RFC 6455, 5.2)."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


_NEEDS_64 = 1 << 16
_BLOCK = 8 * 1024
"""Bytes masked at a time; a multiple of the four bytes of the key."""
_OPCODES = frozenset(map(int, Opcode))


class ProtocolError(Exception):
    """The peer violates the WebSocket protocol for servers."""


class Message(NamedTuple):
    """A complete message: fragments are joined, control frames are passed on as received."""

    opcode: Opcode
    data: bytes


def encode(data: bytes | memoryview, opcode: Opcode = Opcode.BINARY, *, prefix: bytes = b"") -> bytes:
    """A single frame of `prefix` and `data`, masked with an unpredictable key of its own (RFC 6455, 5.3 and 10.3)."""
    first, length = _FIN | opcode, len(prefix) + len(data)
    if length < _LENGTH_16:
        head = struct.pack("!BB", first, _MASKED | length)
    elif length < _NEEDS_64:
        head = struct.pack("!BBH", first, _MASKED | _LENGTH_16, length)
    else:
        head = struct.pack("!BBQ", first, _MASKED | _LENGTH_64, length)
    key = os.urandom(4)
    shift = len(prefix) % len(key)
    return b"".join([head, key, *_masked(prefix, key), *_masked(data, key[shift:] + key[:shift])])


def _masked(data: bytes | memoryview, key: bytes) -> Iterator[bytes]:
    """`data` XOR the repeated key, as large integers in blocks that fit into the CPU cache.

    A whole frame as one integer takes 1.3 times as long for 64 KiB, and 4 times for 1 MiB.
    """
    size = min(_BLOCK, len(data))
    size += -size % len(key)
    mask = int.from_bytes(key * (size // len(key)), "little")
    for start in range(0, len(data), _BLOCK):
        block = data[start : start + _BLOCK]
        fitting = mask if len(block) == size else mask & ((1 << 8 * len(block)) - 1)
        yield (int.from_bytes(block, "little") ^ fitting).to_bytes(len(block), "little")


def close_reason(data: bytes) -> str:
    """The code and text of a close frame, for display: "1011 internal error"."""
    if len(data) < 2:  # the code's two bytes
        return "no reason given"
    code = int.from_bytes(data[:2], "big")
    return f"{code} {one_line(data[2:].decode(errors='replace'))}".strip()


class Reader:
    """Incremental parser from bytes to messages. Bytes placed in its `room` are not copied again."""

    def __init__(self) -> None:
        """An empty buffer."""
        self._buffer = bytearray(_ROOM)  # kept: fresh memory from the kernel costs more than a copy
        self._filled = 0
        self._fragments: list[bytes] = []
        self._collected = 0
        self._kind = Opcode.BINARY

    def feed(self, data: bytes) -> list[Message]:
        """All messages that `data` completes.

        Raises:
            ProtocolError: not a frame of a server, or a message above 16 MiB.
        """
        with self.room(len(data)) as room:
            room[: len(data)] = data
        return self.took(len(data))

    def room(self, size: int) -> memoryview:
        """Space for at least `size` more bytes; release it before calling any other method."""
        if len(self._buffer) - self._filled < size:
            self._buffer += bytes(size)
        return memoryview(self._buffer)[self._filled :]

    def took(self, count: int) -> list[Message]:
        """Like `feed`, for `count` bytes already placed in `room`."""
        self._filled += count
        messages, start = [], 0
        with memoryview(self._buffer) as view:
            while (frame := self._frame(view, start)) is not None:
                final, opcode, payload, start = frame
                if opcode >= Opcode.CLOSE:
                    messages.append(Message(opcode, payload))
                elif (message := self._fragment(opcode, payload, final=final)) is not None:
                    messages.append(message)
            self._filled -= start
            view[: self._filled] = view[start : start + self._filled]
        return messages

    def _frame(self, view: memoryview, start: int) -> tuple[bool, Opcode, bytes, int] | None:
        """(final, opcode, payload, start of the next frame), or None while the frame is incomplete."""
        available = self._filled - start
        if available < 2:  # the shortest header
            return None
        first, second = view[start], view[start + 1]
        if first & _RESERVED or second & _MASKED or (first & _OPCODE) not in _OPCODES:
            raise ProtocolError(f"not a server's frame: {first:02x} {second:02x}")
        length, begin = second & _LENGTH, start + 2
        if length >= _LENGTH_16:
            form = "!H" if length == _LENGTH_16 else "!Q"
            begin += struct.calcsize(form)
            if available < begin - start:
                return None
            (length,) = struct.unpack_from(form, view, start + 2)
        control = first & _OPCODE >= Opcode.CLOSE
        if length > (LARGEST_CONTROL if control else LARGEST_MESSAGE) or (control and not first & _FIN):
            raise ProtocolError(f"a frame of {length} bytes")
        end = begin + length
        if self._filled < end:
            return None
        return bool(first & _FIN), Opcode(first & _OPCODE), bytes(view[begin:end]), end

    def _fragment(self, opcode: Opcode, payload: bytes, *, final: bool) -> Message | None:
        if (opcode is Opcode.CONTINUATION) != bool(self._fragments):
            raise ProtocolError("fragments out of order")
        if opcode is not Opcode.CONTINUATION:
            if final:
                return Message(opcode, payload)
            self._kind = opcode
        self._fragments.append(payload)
        self._collected += len(payload)
        if self._collected > LARGEST_MESSAGE or len(self._fragments) > MOST_FRAGMENTS:
            raise ProtocolError("a message that is too long")
        if not final:
            return None
        message = Message(self._kind, b"".join(self._fragments))
        self._fragments.clear()
        self._collected = 0
        return message
