"""Which connections are kept for later requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.kube.rest.pool import OpenResponse, Pool
from tests.kube.loopback import Crowd, Server
from tests.kube.rig import connection

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kube.loopback import Peer

OTHERS = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n?"
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"


def asked(pool: Pool, path: str) -> OpenResponse:
    return pool.request("GET", path, [], None, connect_seconds=5, seconds=5)


def body_of(pool: Pool, path: str) -> bytes:
    response = asked(pool, path)
    body = response.read(100)
    assert response.read(100) == b""
    response.release()
    return body


def saying(*texts: bytes) -> Callable[[Peer], None]:
    def script(peer: Peer) -> None:
        for text in texts:
            peer.request()
            peer.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + text)

    return script


def test_a_connection_is_used_again_once_its_response_is_read() -> None:
    server = Server(saying(b"a", b"b"))
    pool = Pool(connection(server.port))

    assert [body_of(pool, "/a"), body_of(pool, "/b")] == [b"a", b"b"]

    pool.clear()
    server.finish()


def stays(first: bytes) -> Callable[[Peer], None]:
    """Answers each further request with what is none of its business, until the client closes the connection."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.sock.sendall(first)
        while peer.sock.recv(10_000):
            peer.sock.sendall(OTHERS)

    return script


def test_after_a_switch_of_protocols_comes_what_nobody_asked_for() -> None:
    server = Crowd(stays(SWITCHED), saying(b"b"))
    pool = Pool(connection(server.port))
    early = asked(pool, "/a")
    assert (early.status, early.read(100)) == (101, b"")
    early.release()

    assert body_of(pool, "/b") == b"b"

    pool.clear()
    server.finish()


def test_one_that_was_in_use_when_the_certificate_was_renewed_is_not_used_again() -> None:
    server = Crowd(stays(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"), saying(b"b", b"c"))
    there = connection(server.port)
    pool = Pool(there)
    in_use = asked(pool, "/a")
    there.shown.certificates += 1
    assert body_of(pool, "/b") == b"b"
    assert in_use.read(100) == b"a"
    assert in_use.read(100) == b""
    in_use.release()

    assert body_of(pool, "/c") == b"c"

    pool.clear()
    server.finish()
