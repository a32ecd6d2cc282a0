"""Heads: what is sent, and what is refused because it can be understood in two ways."""

from __future__ import annotations

import pytest

from kubectl_dshell.errors import Malformed
from kubectl_dshell.kube.http.head import (
    body_length,
    fields,
    is_interim,
    plain_line,
    request_head,
    status_line,
    stays_open,
)


def test_a_request_is_its_line_its_headers_and_a_blank_line() -> None:
    head = request_head("GET", "/a?b=c", [("Host", "h:1"), ("Impersonate-User", "ädä")])

    assert head == "GET /a?b=c HTTP/1.1\r\nHost: h:1\r\nImpersonate-User: ädä\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("target", "value"),
    [("/a b", "v"), ("/a\r\n", "v"), ("/a", "v\r\nX: y"), ("/a", "v\n"), ("/a", "v\0")],
)
def test_a_request_is_not_two(target: str, value: str) -> None:
    with pytest.raises(ValueError, match="a space or the end of a line"):
        request_head("GET", target, [("A", value)])


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"HTTP/1.1 200 OK", (200, "OK", False)),
        (b"HTTP/1.0 404 Not Found", (404, "Not Found", True)),
        (b"HTTP/1.1 204", (204, "", False)),
        (b"HTTP/1.1 204 ", (204, "", False)),
        (b"HTTP/1.1 999 \xe4", (999, "ä", False)),
    ],
)
def test_the_first_line_is_a_status(line: bytes, found: tuple[int, str, bool]) -> None:
    assert status_line(line) == found


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.6",
        b"HTTP/2.0 200 OK",
        b"HTTP/0.9 200 OK",
        b"HTTP/1.x 200 OK",
        b"HTTP/1.10 200 OK",
        b"HTTP/1.1  200 OK",
        b"HTTP/1.1\t200 OK",
        b" HTTP/1.1 200 OK",
        b"http/1.1 200 OK",
        b"HTTP/1.1 2000",
        b"HTTP/1.1 20",
        b"HTTP/1.1 -20 x",
        b"HTTP/1.1 +20 x",
        b"HTTP/1.1 2_0 x",
        b"HTTP/1.1 099 x",
        b"HTTP/1.1 \xb2\xb2\xb2 x",
    ],
)
def test_anything_else_is_not(line: bytes) -> None:
    with pytest.raises(Malformed, match="its first line is "):
        status_line(line)


def test_a_long_first_line_is_not_told_in_full() -> None:
    with pytest.raises(Malformed) as caught:
        status_line(b"x" * 60_000)

    assert len(caught.value.message) < 100


@pytest.mark.parametrize(
    ("status", "interim"), [(100, True), (101, False), (102, True), (103, True), (199, True), (200, False)]
)
def test_only_some_are_followed_by_another(status: int, interim: bool) -> None:
    assert is_interim(status) is interim


@pytest.mark.parametrize("line", [b"A: b", b"", b"\rA: b\r", b"A: b\0\r", b"A\r: b\r", b"A: b\r\r"])
def test_a_line_is_plain_and_ends_with_both(line: bytes) -> None:
    with pytest.raises(Malformed, match=r"a line that does not end with CR LF|a CR or NUL within a line"):
        plain_line(line)


def test_a_plain_line_may_contain_anything_else() -> None:
    assert plain_line("A:\tä\x1b\r".encode()) == "A:\tä\x1b".encode()


def test_headers_are_joined_by_name() -> None:
    lines = [b'Warning: 299 - "a"', b'warning:299 - "b" ', b"X-Y:", b"Z: \t\xe4:b\t "]

    assert fields(lines) == {"warning": '299 - "a", 299 - "b"', "x-y": "", "z": "ä:b"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"nothing", "a header without a colon: nothing"),
        (b" folded", "a header of several lines"),
        (b"\tA: b", "a header of several lines"),
        (b": b", "not the name of a header: empty"),
        (b"Content-Length : 5", "not the name of a header: Content-Length"),
        (b"A B: c", "not the name of a header: A B"),
        (b"\xe4: c", "not the name of a header: ä"),
        (b"A(: c", r"not the name of a header: A\("),
    ],
)
def test_what_is_no_header_is_told(line: bytes, said: str) -> None:
    with pytest.raises(Malformed, match=rf"^{said}$"):
        fields([b"Fine: yes", line])


@pytest.mark.parametrize(
    ("status", "headers", "old", "found"),
    [
        (200, {"content-length": "5"}, False, (False, 5)),
        (200, {"content-length": "000"}, False, (False, 0)),
        (200, {}, False, (False, None)),
        (200, {}, True, (False, None)),
        (200, {"transfer-encoding": "Chunked"}, False, (True, None)),
        (204, {}, False, (False, 0)),
        (304, {"content-length": "5"}, False, (False, 0)),
        (304, {"transfer-encoding": "chunked"}, False, (False, 0)),
        (101, {}, False, (False, 0)),
    ],
)
def test_where_a_body_ends(status: int, headers: dict[str, str], old: bool, found: tuple[bool, int | None]) -> None:
    assert body_length(status, headers, old=old) == found


@pytest.mark.parametrize(
    "length", ["-5", "+5", "1_0", "\xb2", "\u0665", "5, 5", "5, 6", "5,", "", " ", "0x5", "5 5", "5.0", "9" * 19]
)
def test_a_length_is_one_number_of_ascii_digits(length: str) -> None:
    with pytest.raises(Malformed, match=r"^a Content-Length that is not one number: "):
        body_length(200, {"content-length": length}, old=False)


@pytest.mark.parametrize(
    "coding", ["gzip", "gzip, chunked", "chunked, chunked", "identity", "", "chunked;q=1", "xchunked"]
)
def test_another_coding_than_chunks_is_refused(coding: str) -> None:
    with pytest.raises(Malformed, match=r"^a Transfer-Encoding that is not chunked: "):
        body_length(200, {"transfer-encoding": coding}, old=False)


def test_two_ways_to_end_a_body_are_refused() -> None:
    both = fields([b"Content-Length: 5", b"Transfer-Encoding: chunked"])
    twice = fields([b"Content-Length: 5", b"content-length: 5"])

    with pytest.raises(Malformed, match=r"^a Transfer-Encoding beside a Content-Length$"):
        body_length(200, both, old=False)
    with pytest.raises(Malformed, match=r"^a Transfer-Encoding in HTTP/1.0$"):
        body_length(200, {"transfer-encoding": "chunked"}, old=True)
    with pytest.raises(Malformed, match=r"^a Content-Length that is not one number: 5, 5$"):
        body_length(200, twice, old=False)


@pytest.mark.parametrize(
    ("connection", "old", "stays"),
    [
        (None, False, True),
        ("keep-alive", False, True),
        ("Close", False, False),
        ("x, close", False, False),
        (None, True, False),
        ("Keep-Alive", True, True),
    ],
)
def test_whether_a_connection_stays_open(connection: str | None, old: bool, stays: bool) -> None:
    headers = {} if connection is None else {"connection": connection}

    assert stays_open(headers, old=old) is stays
