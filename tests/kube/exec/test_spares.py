"""Connections that wait for the first execs, and those that cannot be used any more."""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from kubectl_dshell.errors import ApiError, ConnectionLost
from kubectl_dshell.kube.auth.client_certificate import ClientCertificate
from kubectl_dshell.kube.exec.dial import dial
from kubectl_dshell.kube.exec.spares import FRESH_SECONDS, Spares
from kubectl_dshell.kube.exec.upgrade import open_exec
from tests.kube.loopback import Peer, Server
from tests.kube.rig import connection, secure

if TYPE_CHECKING:
    from tests.kube.conftest import Certificates

HERE = connection(1)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    near, far = socket.socketpair()
    with near, far:
        yield near, far


def test_one_is_taken_once(pair: tuple[socket.socket, socket.socket]) -> None:
    spares = Spares(HERE)
    spares.keep(pair[0], 0)

    assert spares.take() is pair[0]
    assert spares.take() is None
    assert pair[0].fileno() >= 0


def test_one_that_comes_after_the_first_exec_is_closed(pair: tuple[socket.socket, socket.socket]) -> None:
    spares = Spares(HERE)
    assert spares.take() is None

    spares.keep(pair[0], 0)

    assert pair[0].fileno() == -1


def test_one_that_is_coming_is_waited_for(pair: tuple[socket.socket, socket.socket]) -> None:
    spares, taken = Spares(HERE), list[socket.socket | None]()
    spares.expect()
    taker = threading.Thread(target=lambda: taken.append(spares.take()))
    taker.start()

    spares.keep(pair[0], 0)
    spares.settle()
    taker.join(10)

    assert taken == [pair[0]]


def test_one_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kubectl_dshell.kube.exec.spares._COMING_SECONDS", 60.0)
    spares = Spares(HERE)
    spares.expect()
    threading.Timer(0.05, spares.settle).start()

    assert spares.take() is None


def test_one_that_comes_late_is_not_waited_for_any_longer(pair: tuple[socket.socket, socket.socket]) -> None:
    spares = Spares(HERE)
    spares.expect()

    assert spares.take() is None

    spares.keep(pair[0], 0)
    assert pair[0].fileno() == -1


def test_one_that_the_server_closed_is_not_taken(pair: tuple[socket.socket, socket.socket]) -> None:
    spares = Spares(HERE)
    spares.keep(pair[0], 0)
    pair[1].close()

    assert spares.take() is None
    assert pair[0].fileno() == -1


def test_one_with_tls_is_taken_although_the_server_sent_its_session_tickets(certificates: Certificates) -> None:
    """They arrive after the handshake, and make the socket readable."""
    server = Server(lambda peer: peer.accept(), tls=certificates.server_context("server", ask=True))
    there = secure(server.port, certificates)
    spares = Spares(there)
    spare = dial(there)
    spares.keep(spare, 0)
    poll = select.poll()
    poll.register(spare, select.POLLIN)
    assert poll.poll(10_000)

    stream = open_exec(there, "shop", "web", "box", ["x"], stdin=True, tty=False, spares=spares)

    assert stream._sock is spare
    stream.close()
    server.finish()


def test_one_with_tls_that_the_server_closed_is_not_taken(certificates: Certificates) -> None:
    server = Server(lambda _peer: None, tls=certificates.server_context("server", ask=True))
    there = secure(server.port, certificates)
    spares = Spares(there)
    spare = dial(there)
    spares.keep(spare, 0)
    server.finish()
    assert spares.take() is None

    assert spare.fileno() == -1


def test_one_that_waited_for_long_is_not_taken(
    pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    spares = Spares(HERE)
    spares.keep(pair[0], 0)
    later = time.monotonic() + FRESH_SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: later)

    assert spares.take() is None


def test_one_with_an_older_certificate_is_not_taken(pair: tuple[socket.socket, socket.socket]) -> None:
    here = connection(2)
    spares = Spares(here)
    spares.keep(pair[0], 0)
    here.shown.certificate = ClientCertificate(b"new", b"key")  # type: ignore[arg-type]  # whatever it is
    here.shown.certificates += 1

    assert spares.take() is None


@pytest.mark.parametrize("how", ["ends", "resets"])
def test_one_that_is_closed_when_it_is_used_is_replaced_by_a_new_one(how: str) -> None:
    """The server closed it while the request was on its way, and read nothing of it."""

    def close(peer: Peer) -> None:
        peer.read_head()
        if how == "resets":
            peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    server = Server(close, lambda peer: peer.accept())
    there = connection(server.port)
    spares = Spares(there)
    spares.keep(dial(there), there.certificates)

    open_exec(there, "shop", "web", "box", ["x"], stdin=True, tty=False, spares=spares).close()

    server.finish()


def test_one_that_breaks_in_an_answer_is_not_replaced() -> None:
    """The command may be running."""

    def half(peer: Peer) -> None:
        peer.read_head()
        peer.sock.sendall(b"HTTP/1.1 101 Switch")
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    server = Server(half)
    there = connection(server.port)
    spares = Spares(there)
    spares.keep(dial(there), there.certificates)

    with pytest.raises(ConnectionLost, match="Connection reset by peer"):
        open_exec(there, "shop", "web", "box", ["x"], stdin=True, tty=False, spares=spares)

    server.finish()


def test_a_refusal_over_one_is_not_asked_for_again() -> None:
    server = Server(lambda peer: peer.refuse("500 Internal Server Error", b"no"))
    there = connection(server.port)
    spares = Spares(there)
    spares.keep(dial(there), there.certificates)

    with pytest.raises(ApiError, match="no"):
        open_exec(there, "shop", "web", "box", ["x"], stdin=True, tty=False, spares=spares)

    server.finish()
