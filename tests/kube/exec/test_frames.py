"""WebSocket frames from literal bytes, whole, split and joined."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kubectl_dshell.kube.exec.frames import (
    LARGEST_MESSAGE,
    Message,
    Opcode,
    ProtocolError,
    Reader,
    close_reason,
    encode,
)
from tests.kube.loopback import frame, unmasked

BINARY_HI = b"\x82\x03\x01hi"


@pytest.mark.parametrize(
    ("stream", "messages"),
    [
        pytest.param(BINARY_HI, [Message(Opcode.BINARY, b"\x01hi")], id="one frame"),
        pytest.param(BINARY_HI * 2, [Message(Opcode.BINARY, b"\x01hi")] * 2, id="two frames in one piece"),
        pytest.param(b"\x82\x7e\x00\x80" + b"x" * 128, [Message(Opcode.BINARY, b"x" * 128)], id="16 bits of length"),
        pytest.param(
            b"\x82\x7f" + (70000).to_bytes(8, "big") + b"x" * 70000,
            [Message(Opcode.BINARY, b"x" * 70000)],
            id="64 bits of length",
        ),
        pytest.param(
            b"\x02\x01a\x00\x01b\x80\x01c", [Message(Opcode.BINARY, b"abc")], id="three fragments are one message"
        ),
        pytest.param(
            b"\x02\x01a\x89\x01p\x80\x01c",
            [Message(Opcode.PING, b"p"), Message(Opcode.BINARY, b"ac")],
            id="a ping between fragments",
        ),
        pytest.param(b"\x02\x00\x80\x01c", [Message(Opcode.BINARY, b"c")], id="an empty first fragment"),
        pytest.param(b"\x88\x02\x03\xe8", [Message(Opcode.CLOSE, b"\x03\xe8")], id="a close is no channel 3"),
        pytest.param(b"\x82\x7e\x00", [], id="an incomplete header"),
        pytest.param(b"\x82\x03\x01h", [], id="an incomplete payload"),
    ],
)
def test_bytes_become_messages(stream: bytes, messages: list[Message]) -> None:
    assert Reader().feed(stream) == messages


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(b"\xc2\x01a", id="reserved bit"),
        pytest.param(b"\x83\x01a", id="opcode nobody knows"),
        pytest.param(b"\x82\x81abcdx", id="masked by the server"),
        pytest.param(b"\x80\x01a", id="continuation of nothing"),
        pytest.param(b"\x02\x01a\x82\x01b", id="a new message inside another"),
        pytest.param(b"\x82\x7f" + (LARGEST_MESSAGE + 1).to_bytes(8, "big"), id="too large to be true"),
    ],
)
def test_no_server_sends(stream: bytes) -> None:
    with pytest.raises(ProtocolError):
        Reader().feed(stream)


@given(
    st.lists(
        st.tuples(st.sampled_from([Opcode.BINARY, Opcode.PING, Opcode.PONG]), st.binary(max_size=300)), max_size=6
    ),
    st.lists(st.integers(1, 40)),
)
def test_where_the_bytes_are_cut_does_not_matter(sent: list[tuple[Opcode, bytes]], cuts: list[int]) -> None:
    stream = b"".join(frame(data, opcode) for opcode, data in sent)
    reader, messages = Reader(), []
    for cut in cuts:
        messages += reader.feed(stream[:cut])
        stream = stream[cut:]
    messages += reader.feed(stream)

    assert messages == [Message(opcode, data) for opcode, data in sent]


@given(st.binary(max_size=70000), st.sampled_from([Opcode.BINARY, Opcode.PONG, Opcode.CLOSE]))
@example(bytes(125), Opcode.BINARY)  # given positions
@example(bytes(126), Opcode.BINARY)  # given positions
@example(bytes(65535), Opcode.BINARY)  # given positions
@example(bytes(65536), Opcode.BINARY)  # given positions
def test_what_we_encode_is_one_masked_frame(data: bytes, opcode: Opcode) -> None:
    encoded = encode(data, opcode)

    assert encoded[1] & 0x80
    assert unmasked(encoded) == (opcode, data, b"")


@given(st.binary(max_size=9), st.binary(max_size=70000))
@example(b"\0", bytes(65535))  # which together need the longest header
def test_a_prefix_is_a_part_of_the_same_frame(prefix: bytes, data: bytes) -> None:
    encoded = encode(memoryview(data), prefix=prefix)

    assert unmasked(encoded) == (Opcode.BINARY, prefix + data, b"")


@pytest.mark.parametrize("size", [*range(10), 8191, 8192, 8193, 8195, 16384, 16385, 3 * 8192 + 2])
def test_every_byte_is_masked_with_its_byte_of_the_key(size: int) -> None:
    """Zeros are the mask itself, wherever blocks meet."""
    encoded = encode(bytes(size))
    key, payload = encoded[len(encoded) - size - 4 :][:4], encoded[len(encoded) - size :]

    assert payload == (key * (size // 4 + 1))[:size]


def test_a_large_frame_takes_twice_its_length() -> None:
    data = bytes(4 * 1024 * 1024)
    tracemalloc.start()
    try:
        encode(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 2.2 * len(data)


def test_no_key_is_used_twice_nor_made_of_one_byte() -> None:
    keys = {encode(b"x" * 2000)[4:8] for _ in range(200)}

    assert len(keys) == 200, "fresh for each frame: two of 200 are alike once in 200 000 runs"
    assert sum(len(set(key)) == 1 for key in keys) <= 1


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\x03\xe8", "1000"),
        (b"\x03\xf3internal error", "1011 internal error"),
        (b"", "no reason given"),
        (b"\x03\xf3\xff", "1011 \ufffd"),
    ],
    ids=["code alone", "code and words", "nothing", "words that are not UTF-8"],
)
def test_a_close_frame_is_told_as(data: bytes, text: str) -> None:
    assert close_reason(data) == text
