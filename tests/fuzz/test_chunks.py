"""Bodies in chunks."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from kubectl_dshell.errors import Malformed
from kubectl_dshell.kube.http.chunked import LONGEST_LINE, ChunkedBody

LIKELY = st.sampled_from(
    [b"\r\n", b"\n", b"0", b"5", b"-5", b"+5", b"0x5", b"1_0", b";a=b", b"ffffffffffffffff", b"\xb2"]
)
PIECES = st.lists(st.binary(max_size=40) | LIKELY, max_size=30)


def fed(pieces: list[bytes]) -> tuple[bytes, bool] | None:
    chunks, body = ChunkedBody(), b""
    try:
        for piece in pieces:
            body += chunks.feed(piece)
    except Malformed:
        return None
    return body, chunks.ended


@given(PIECES)
@example([b"-5\r\nhello"])
@example([b"5" * (LONGEST_LINE + 1)])
@example([b"1\r\n"] * 9 + [b"x" * LONGEST_LINE * 2])
def test_any_bytes_are_a_body_or_malformed(pieces: list[bytes]) -> None:
    found = fed(pieces)

    assert found is None or len(found[0]) <= len(b"".join(pieces))


@given(PIECES, st.integers(1, 7))
def test_where_they_are_cut_does_not_matter(pieces: list[bytes], size: int) -> None:
    stream = b"".join(pieces)

    assert fed([stream]) == fed([stream[start : start + size] for start in range(0, len(stream), size)])
