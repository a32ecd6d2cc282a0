"""Logs, against an API server on loopback."""

from __future__ import annotations

import pytest

from kubectl_dshell.errors import ApiError, ConnectionLost, Malformed, PermissionDenied, PodNotFound
from kubectl_dshell.kube import logs
from kubectl_dshell.kube.pods import Pods
from kubectl_dshell.kube.rest.api import Api
from tests.kube.loopback import Peer, Server
from tests.kube.rig import answering, connection


def lines(server: Server) -> list[bytes]:
    return list(Pods(Api(connection(server.port))).log_lines("ns", "web", "app"))


def chunked(*pieces: bytes, whole: bool = True) -> Server:
    def script(peer: Peer) -> None:
        peer.request()
        peer.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in pieces:
            peer.sock.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        if whole:
            peer.sock.sendall(b"0\r\n\r\n")

    return Server(script)


def test_a_log_is_read_from_its_container() -> None:
    heads: list[str] = []

    def script(peer: Peer) -> None:
        peer.request()
        heads.append(peer.head)
        peer.sock.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\nConnection: close\r\n\r\na\nb\n"
        )

    assert lines(Server(script)) == [b"a", b"b"]
    path, _, query = heads[0].split()[1].partition("?")
    assert path == "/api/v1/namespaces/ns/pods/web/log"
    assert set(query.split("&")) == {"container=app", "limitBytes=1073741824"}


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ((), []),
        ((b"a\n",), [b"a"]),
        ((b"a", b"b\nc", b"\n\nd"), [b"ab", b"c", b"", b"d"]),
    ],
)
def test_lines_are_put_together(pieces: tuple[bytes, ...], expected: list[bytes]) -> None:
    assert lines(chunked(*pieces)) == expected


def test_a_log_has_more_lines_than_a_body_may_have_chunks() -> None:
    assert len(lines(chunked(*[b"x\n"] * 120_000))) == 120_000


def test_a_line_that_does_not_end_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LONGEST_LOG_LINE", 1000)

    with pytest.raises(Malformed, match="a line of the log has more than"):
        lines(chunked(b"x" * 700, b"x" * 700))


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("404 Not Found", PodNotFound),
        ("403 Forbidden", PermissionDenied),
        ("400 Bad Request", ApiError),
        ("500 Internal Server Error", ApiError),
    ],
)
def test_a_refusal_is_an_error(status: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        lines(Server(answering(status, {"kind": "Status", "message": "forbidden"})))


def test_no_response_is_a_lost_connection() -> None:
    with pytest.raises(ConnectionLost):
        lines(Server(lambda peer: peer.sock.close()))


def test_a_log_that_is_cut_off_ends_there() -> None:
    """Whether it is whole is told by the last document in it."""
    assert lines(chunked(b"a\nb", whole=False)) == [b"a", b"b"]
