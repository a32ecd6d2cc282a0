"""The proxy that makes a server far away: it delays, loses nothing, and counts round trips."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from hack.benchmarks.latency import DelayingProxy
from tests.waiting import wait_until

RTT = 0.2
SIZE = 8 * 1024 * 1024


@pytest.fixture
def echo() -> Iterator[tuple[str, int]]:
    """A server that sends back what it gets, and says so when it is all."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(connection: socket.socket) -> None:
        with connection:
            while data := connection.recv(65536):
                connection.sendall(data)
            connection.sendall(b".")

    def serve() -> None:
        while True:
            try:
                connection = listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    yield listener.getsockname()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    server.join()


def connected(proxy: DelayingProxy) -> closing[socket.socket]:
    return closing(socket.create_connection(("127.0.0.1", proxy.port), timeout=10))


def ask(connection: socket.socket) -> None:
    connection.sendall(b"?")
    assert connection.recv(1) == b"?"


def test_the_first_answer_takes_two_round_trips_and_each_further_one(echo: tuple[str, int]) -> None:
    with DelayingProxy(echo, RTT) as proxy:
        began = time.monotonic()
        with connected(proxy) as connection:
            ask(connection)
            assert time.monotonic() - began >= 2 * RTT
            began = time.monotonic()
            ask(connection)
            assert time.monotonic() - began >= RTT

        assert proxy.counted() == (3, [2])


def test_what_is_sent_while_an_answer_is_on_its_way_waits_for_nothing(echo: tuple[str, int]) -> None:
    with DelayingProxy(echo, RTT) as proxy, connected(proxy) as connection:
        for _ in range(3):
            connection.sendall(b"?")
            wait_until(lambda: proxy.counted() == (0, [1]))
        assert connection.recv(3, socket.MSG_WAITALL) == b"???"

        assert proxy.counted() == (2, [1])


def test_connections_at_the_same_time_wait_for_nothing_and_later_ones_for_the_earlier(echo: tuple[str, int]) -> None:
    with DelayingProxy(echo, RTT) as proxy, connected(proxy) as one, connected(proxy) as other:
        one.sendall(b"?")
        other.sendall(b"?")
        assert (one.recv(1), other.recv(1)) == (b"?", b"?")
        assert proxy.counted() == (2, [1, 1])

        with connected(proxy) as later:
            ask(later)

        assert proxy.counted() == (4, [1, 1, 1])


def test_counting_begins_anew(echo: tuple[str, int]) -> None:
    with DelayingProxy(echo, 0) as proxy:
        for _ in range(2):
            with connected(proxy) as connection:
                ask(connection)
            assert proxy.counted() == (2, [1])
            proxy.count_anew()


def test_every_byte_arrives_and_the_end_after_them(echo: tuple[str, int]) -> None:
    data = os.urandom(SIZE)
    received = hashlib.sha256()

    def send() -> None:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)

    with DelayingProxy(echo, RTT) as proxy, connected(proxy) as connection:
        sender = threading.Thread(target=send)
        sender.start()
        while piece := connection.recv(65536):
            received.update(piece)
        sender.join()

    assert received.digest() == hashlib.sha256(data + b".").digest()


def test_a_server_that_is_not_there_ends_the_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        address = gone.getsockname()
    with DelayingProxy(address, RTT) as proxy, pytest.raises(ConnectionError), connected(proxy) as connection:
        connection.recv(1)
