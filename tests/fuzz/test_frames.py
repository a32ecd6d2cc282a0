"""WebSocket frames and what is in them, in any pieces."""

from __future__ import annotations

import json

from hypothesis import example, given
from hypothesis import strategies as st

from kubectl_dshell.domain.stream import Exit, Output
from kubectl_dshell.kube.exec import channel, frames
from kubectl_dshell.kube.exec.frames import Opcode, ProtocolError, Reader
from tests.kube.loopback import frame, unmasked

OPCODES = st.sampled_from(list(Opcode))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["kind", "status", "message", "reason", "details", "causes", "code", "metadata", "continue", "x"]
    ), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
STATUSES = JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60)


def cut(stream: bytes, cuts: list[int]) -> list[bytes]:
    pieces = []
    for size in cuts:
        pieces.append(stream[:size])
        stream = stream[size:]
    return [*pieces, stream]


@given(st.lists(st.binary(max_size=300), max_size=6))
@example([b"\x89\x7e\xff\xff"])
@example([b"\x02\x00" + b"\x00\x00" * 1000])
@example([b"\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"])
@example([b"\x09\x00"])
def test_any_bytes_are_frames_or_a_protocol_error(pieces: list[bytes]) -> None:
    reader = Reader()
    try:
        for piece in pieces:
            for message in reader.feed(piece):
                assert len(message.data) <= frames.LARGEST_MESSAGE
                channel.decode(message.data)
                frames.close_reason(message.data)
    except ProtocolError:
        pass


@given(st.lists(st.tuples(OPCODES, st.binary(max_size=70000), st.booleans()), max_size=5), st.lists(st.integers(0, 99)))
def test_where_frames_are_cut_does_not_matter(parts: list[tuple[Opcode, bytes, bool]], cuts: list[int]) -> None:
    stream = b"".join(frame(data, opcode, final=final) for opcode, data, final in parts)

    def read(pieces: list[bytes]) -> object:
        reader, found = Reader(), []
        try:
            for piece in pieces:
                found += reader.feed(piece)
        except ProtocolError as error:
            return str(error)
        return found

    assert read([stream]) == read(cut(stream, cuts))


@given(st.binary(max_size=70000), OPCODES)
def test_what_we_send_is_what_arrives(data: bytes, opcode: Opcode) -> None:
    assert unmasked(frames.encode(data, opcode)) == (opcode, data, b"")


@given(STATUSES)
@example(b'{"status":"Failure","details":{"causes":[{"reason":"ExitCode","message":"256"}]}}')
@example(b"[" * 100000)
@example(b'{"code":' + b"9" * 100000 + b"}")
def test_any_status_is_an_exit(status: bytes) -> None:
    found = channel.exit_of(status)

    assert found.code is None or 0 <= found.code <= 255
    assert len(found.message) < 2200


@given(st.binary(max_size=60))
def test_any_message_is_an_event_or_none(message: bytes) -> None:
    assert isinstance(channel.decode(message), Exit | Output | None)
