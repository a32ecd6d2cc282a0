"""Responses read from a socket: the same wherever they are cut, bounded, and as http.client understands them."""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections import deque
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kubectl_dshell.kube.http import response as bounds
from kubectl_dshell.kube.http.errors import CutShort, HttpError
from kubectl_dshell.kube.http.response import LARGEST_HEAD, Response

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


class Pieces(socket.socket):
    """A socket from which these pieces arrive, and then the end."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.left = deque(filter(None, pieces))
        self.timeouts: list[float] = []

    def settimeout(self, value: float | None, /) -> None:
        assert value
        self.timeouts.append(value)

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        if not self.left:
            return b""
        piece = self.left.popleft()
        if len(piece) > bufsize:
            self.left.appendleft(piece[bufsize:])
        return piece[:bufsize]


def begun(*pieces: bytes) -> Response:
    response = Response(Pieces(list(pieces)), 60)
    response.begin()
    return response


def whole(response: Response, most: int = 4096) -> bytes:
    body = b""
    while piece := response.read(most):
        assert len(piece) <= most
        body += piece
    return body


def test_a_body_of_a_length() -> None:
    response = begun(OK + b"Content-Length: 5\r\nX: y\r\n\r\nhello")

    assert (response.status, response.reason, response.headers) == (200, "OK", {"content-length": "5", "x": "y"})
    assert (response.complete, response.reusable, response.chunked) == (False, False, False)
    assert [response.read(3), response.read(3), response.read(3)] == [b"hel", b"lo", b""]
    assert (response.complete, response.reusable) == (True, True)


def test_a_body_of_nothing_is_complete() -> None:
    response = begun(OK + b"Content-Length: 0\r\n\r\n")

    assert (response.complete, response.reusable, response.read(9)) == (True, True, b"")


def test_a_body_until_the_end_of_the_connection() -> None:
    response = begun(OK + b"\r\nhel", b"lo")

    assert [response.read(99), response.read(99)] == [b"hello", b""]
    assert (response.complete, response.reusable) == (True, False)


def test_a_body_in_chunks_fills_what_is_asked_for() -> None:
    response = begun(CHUNKED, b"2\r\nhe\r\n", b"3;x=y\r\nllo\r\n0\r\nTrailer: z\r\n", b"\r\n")

    assert response.chunked
    assert [response.read(4), response.read(4)] == [b"hell", b"o"]
    assert response.reusable


@pytest.mark.parametrize(
    "surplus",
    [
        pytest.param(OK + b"Content-Length: 1\r\n\r\nxHTTP/1.1 200 OK", id="a length"),
        pytest.param(CHUNKED + b"1\r\nx\r\n0\r\n\r\nHTTP/1.1 200 OK", id="chunks"),
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\nx", id="none"),
    ],
)
def test_after_more_than_the_body_the_connection_is_not_used_again(surplus: bytes) -> None:
    response = begun(surplus)
    whole(response)

    assert (response.complete, response.reusable) == (True, False)


@pytest.mark.parametrize("option", [b"Connection: close\r\n", b"Connection: x, Close\r\n"])
def test_the_server_may_close(option: bytes) -> None:
    response = begun(OK + option + b"Content-Length: 0\r\n\r\n")

    assert (response.complete, response.reusable) == (True, False)


def test_interim_responses_are_skipped_and_101_is_not() -> None:
    early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 9\r\n\r\n"

    assert begun(early + OK + b"A: b\r\n\r\n").headers == {"a": "b"}
    switched = begun(early + b"HTTP/1.1 101 Switching Protocols\r\nContent-Length: 9\r\n\r\n\x81\x00")
    assert (switched.status, switched.complete, switched.reusable) == (101, True, False)
    assert (switched.hand_over(), switched.hand_over()) == (b"\x81\x00", b"")


def test_no_more_is_taken_than_wanted() -> None:
    sock = Pieces([b"HTTP/1.1 101 x\r\n\r\n\x81\x00"])
    response = Response(sock, 60, ahead=1)
    response.begin()

    assert (response.hand_over(), list(sock.left)) == (b"", [b"\x81\x00"])


def test_what_is_handed_over_is_what_was_not_read() -> None:
    response = begun(CHUNKED + b"5\r\nhello\r\n6\r\n")

    assert response.hand_over() == b"5\r\nhello\r\n6\r\n"


def test_no_byte_is_a_lost_connection_and_some_are_a_response_cut_short() -> None:
    unheard = Response(Pieces([]), 60)
    with pytest.raises(ConnectionResetError, match=r"^Remote end closed connection without response$"):
        unheard.begin()
    assert not unheard.heard

    for start in (OK[:1], OK, OK + b"\r", b"HTTP/1.1 100 Continue\r\n\r\n"):
        response = Response(Pieces([start]), 60)
        with pytest.raises(CutShort, match=r"^its response was cut short$"):
            response.begin()
        assert response.heard


def test_what_came_of_a_body_cut_short_is_given_first() -> None:
    response = begun(OK + b"Content-Length: 9\r\n\r\nhello")

    assert response.read(99) == b"hello"
    for _ in range(2):
        with pytest.raises(CutShort):
            response.read(99)
    assert (response.complete, response.reusable) == (False, False)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", "^its first line is SSH-2.0-OpenSSH_9.6$", id="another protocol"),
        pytest.param(b"\r\n" + OK, "^its first line is empty$", id="a blank line before"),
        pytest.param(b"HTTP/1.1 200 OK\nA: b\n\n", "does not end with CR LF", id="LF alone"),
        pytest.param(OK + b"A: b\rB: c\r\n\r\n", "a CR or NUL within a line: A: b B: c", id="CR alone"),
        pytest.param(OK + b"A: \0\r\n\r\n", "a CR or NUL within a line", id="NUL"),
        pytest.param(OK + b"A\r\n\r\n", "a header without a colon: A", id="no colon"),
        pytest.param(OK + b"A: b\r\n c\r\n\r\n", "a header of several lines", id="a folded header"),
        pytest.param(OK + b"Content-Length: -5\r\n\r\n", "a Content-Length that is not one number: -5", id="-5"),
        pytest.param(OK + b"Content-Length: 5\r\n" * 2 + b"\r\n", "not one number: 5, 5", id="two lengths"),
        pytest.param(OK + b"Transfer-Encoding: gzip\r\n\r\n", "a Transfer-Encoding that is not chunked", id="gzip"),
        pytest.param(OK + b"A: b\r\n" * 101 + b"\r\n", "more than 100 headers", id="many headers"),
        pytest.param(OK + b"A: " + b"b" * 70_000, "a line of more than 64 KiB", id="a long header without an end"),
        pytest.param(OK + b"A: " + b"b" * 70_000 + b"\r\n\r\n", "a line of more than 64 KiB", id="a long header"),
        pytest.param(b"x" * 70_000, "a line of more than 64 KiB", id="a long first line"),
        pytest.param(b"HTTP/1.1 100 x\r\n\r\n" * (LARGEST_HEAD // 16), "the response is too large", id="100 for ever"),
    ],
)
@pytest.mark.parametrize("size", [1_000_000, 1000, 7])
def test_a_head_that_is_none_is_refused_in_words(head: bytes, said: str, size: int) -> None:
    pieces = [head[start : start + size] for start in range(0, len(head), size)]

    with pytest.raises(HttpError, match=said):
        begun(*pieces)


def test_a_hundred_headers_and_a_line_of_64_kib_are_read() -> None:
    lines = [b"A%d: b\r\n" % number for number in range(99)] + [b"X: " + b"y" * (64 * 1024 - 4) + b"\r\n"]

    assert len(begun(OK + b"".join(lines) + b"\r\n").headers) == 100


@pytest.mark.parametrize("size", [b"-5", b"+5", b"0x5", b"1_0", b"", b" ", b"\xb2", b"f" * 16, b"5\r"])
def test_a_chunk_of_another_size_is_refused(size: bytes) -> None:
    response = begun(CHUNKED + size + b"\r\nhello\r\n")

    with pytest.raises(HttpError, match=r"^(not a valid chunk size|a CR or NUL within)"):
        response.read(99)


def test_the_number_of_chunks_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MOST_CHUNKS", 3)
    response = begun(CHUNKED + b"1\r\nx\r\n" * 4)

    with pytest.raises(HttpError, match=r"^too many chunks$"):
        response.read(99)


@pytest.mark.parametrize("head", [OK + b"\r\n", CHUNKED, OK + b"Content-Length: 999999\r\n\r\n"])
def test_the_bytes_of_a_body_are_bounded(monkeypatch: pytest.MonkeyPatch, head: bytes) -> None:
    monkeypatch.setattr(bounds, "LARGEST_BODY", 1000)
    monkeypatch.setattr(bounds, "_FRAMING", 0)
    response = begun(head, *[b"200\r\n" + b"x" * 512 + b"\r\n"] * 9)

    with pytest.raises(HttpError, match=r"^the response is too large$"):
        whole(response, 100_000)


def test_the_deadline_is_that_of_the_whole_response(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    sock = Pieces([OK, b"\r\n", b"a", b"b"])
    response = Response(sock, 10)
    now[0] += 4
    response.begin()
    now[0] += 5
    assert response.read(1) == b"a"
    now[0] += 1

    with pytest.raises(TimeoutError, match=r"^timed out$"):
        response.read(1)
    assert sock.timeouts == [6, 6, 1]


class Plain:
    """What http.client needs of a socket."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def makefile(self, _mode: str) -> Any:
        return io.BytesIO(self.data)


def theirs(data: bytes) -> tuple[int, str, dict[str, str], bytes, bool] | None:
    """The response as http.client understands it, without anything that comes before or after."""
    response = http.client.HTTPResponse(Plain(data), method="GET")  # type: ignore[arg-type]
    try:
        response.begin()
        body = response.read()
    except (http.client.HTTPException, ConnectionError):
        return None
    headers = {
        name.lower(): ", ".join(value.strip() for value in response.headers.get_all(name, []))
        for name in response.headers
    }
    return response.status, response.reason, headers, body, not response.will_close


def ours(pieces: list[bytes], most: int = 4096) -> tuple[int, str, dict[str, str], bytes, bool] | None:
    try:
        response = begun(*pieces)
        body = whole(response, most)
    except (HttpError, ConnectionError):
        return None
    return response.status, response.reason, response.headers, body, response.reusable


def cut(data: bytes, places: list[int]) -> list[bytes]:
    at = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in pairwise(at)]


NAMES = st.sampled_from([b"Date", b"Content-Type", b"Warning", b"X-Kubernetes-Pf-Flowschema-Uid", b"x!#$%&'*+-.^_`|~9"])
VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20).map(str.encode) | st.sampled_from(
    [b'299 - "a, b"', b"Thu, 26 Nov 2026 10:00:00 GMT", b"a\tb", b"\xe4\xff", b":::"]
)
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=6).map(
    lambda found: b"".join(b"%s: %s\r\n" % pair for pair in found)
)
KEPT = st.sampled_from([b"", b"Connection: close\r\n", b"Connection: keep-alive\r\n"])
BODY = st.binary(max_size=60)
EXTENSIONS = st.sampled_from([b"", b";a", b';a="b"'])
TRAILERS = st.sampled_from([b"", b"Expires: never\r\n", b"A: b\r\nC: d\r\n"])


@st.composite
def well_formed(draw: st.DrawFn) -> bytes:
    """A response as RFC 9112 wants it, after any number of 100 Continue."""
    version, status = draw(st.sampled_from([b"1.1", b"1.0"])), draw(st.sampled_from([200, 201, 204, 304, 404, 500]))
    head = b"HTTP/1.1 100 Continue\r\n\r\n" * draw(st.integers(0, 2))
    head += b"HTTP/%s %d%s\r\n" % (version, status, draw(st.sampled_from([b"", b" ", b" OK", b" Not So Good"])))
    head += draw(FIELDS) + draw(KEPT)
    body = draw(BODY)
    if status in (204, 304):
        return head + b"\r\n"
    way = draw(st.sampled_from(["length", "end", "chunks"] if version == b"1.1" else ["length", "end"]))
    if way == "length":
        return head + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    if way == "end":
        return head + b"\r\n" + body
    pieces = cut(body, draw(st.lists(st.integers(0, 60), max_size=3)))
    chunks = [b"%x%s\r\n%s\r\n" % (len(piece), draw(EXTENSIONS), piece) for piece in pieces]
    return head + b"transfer-encoding: CHUNKED\r\n\r\n" + b"".join(chunks) + b"0\r\n" + draw(TRAILERS) + b"\r\n"


@given(well_formed(), st.lists(st.integers(0, 10**6), max_size=8), st.integers(1, 70))
def test_a_well_formed_response_is_what_http_client_takes_it_for(data: bytes, places: list[int], most: int) -> None:
    found = ours(cut(data, places), most)

    assert found is not None
    assert found == theirs(data)


@given(well_formed(), st.integers(0, 10**6))
@example(CHUNKED + b"1\r\nx\r\n0\r\n\r\n", 47)
def test_a_response_that_ends_early_is_refused_or_what_http_client_takes_it_for(data: bytes, end: int) -> None:
    """http.client takes a head, and what follows the last chunk, for complete when the connection ends there."""
    data = data[: end % (len(data) + 1)]
    found = ours([data])

    assert found is None or found == theirs(data)


PARTS = st.sampled_from(
    [
        OK,
        b"HTTP/1.0 200 OK\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 101 x\r\n",
        b"HTTP/1.1 204 x\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: 6\r\n",
        b"Content-Length: -5\r\n",
        b"Content-Length: 1_0\r\n",
        b"Content-Length : 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding:\x0bchunked\r\n",
        b" folded\r\n",
        b"A: b\n",
        b"A: b\rC: d\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b"hello",
        b"-5\r\n",
        b"5\r\nhello\r\n",
        b"5\nhello\n",
        b"0\r\n\r\n",
    ]
)


@given(st.lists(PARTS | st.binary(max_size=8), max_size=12), st.lists(st.integers(0, 10**6), max_size=8))
@example([OK, b"Transfer-Encoding: chunked\r\n", b"\r\n", b"5\r\nhello\r\n", b"0\r\n\r\n"], [40])
@example([OK, b"Content-Length: 5\r\n", b"\r\n", b"hello"], [])
@example([OK, b"Content-Length: 5\r\n", b"\r\n", b"hello", OK], [])
def test_a_hostile_response_is_refused_or_means_the_same_to_http_client(parts: list[bytes], places: list[int]) -> None:
    data = b"".join(parts)
    found = ours(cut(data, places))

    assert found == ours([data]), "wherever it is cut"
    if found is not None and found[0] != http.client.SWITCHING_PROTOCOLS:
        known = theirs(data)
        assert known is not None
        assert found[:4] == known[:4]
        assert known[4] or not found[4], "a connection is used again only if http.client would, too"
