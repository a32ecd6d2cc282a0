"""Chunked bodies, cut anywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_dshell.errors import Malformed
from kubectl_dshell.kube.http.chunked import ChunkedBody


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=5), st.lists(st.integers(1, 9)))
def test_where_the_bytes_are_cut_does_not_matter(pieces: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    chunks, body = ChunkedBody(), b""
    for cut in cuts:
        body += chunks.feed(stream[:cut])
        stream = stream[cut:]
    body += chunks.feed(stream)

    assert body == b"".join(pieces)
    assert chunks.ended


def test_a_chunk_that_is_on_its_way_is_no_end() -> None:
    chunks = ChunkedBody()

    assert chunks.feed(b"5;name=value\r\nab") == b"ab"
    assert not chunks.ended


def test_something_else_than_chunks_is_an_error() -> None:
    with pytest.raises(Malformed, match="not a valid chunk size"):
        ChunkedBody().feed(b"hello\r\n")
