"""An exec stream against a server on loopback, polled as the relay polls it."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from kubectl_dshell.domain.stream import Channel, Event, Exit, Output, TerminalSize
from kubectl_dshell.errors import ConnectionLost
from kubectl_dshell.kube.exec.frames import Opcode
from kubectl_dshell.kube.exec.stream import ExecStream
from tests.kube.loopback import SECONDS, Peer, Server, frame
from tests.kube.rig import MEGABYTE, SUCCESS, ended, events_until, open_stream

if TYPE_CHECKING:
    from collections.abc import Callable


def until_lost(stream: ExecStream) -> list[Event]:
    events: list[Event] = []

    def note(so_far: list[Event]) -> bool:
        events[:] = so_far
        return False

    with pytest.raises(ConnectionLost):
        events_until(stream, note)
    return events


def test_output_and_exit_arrive_in_order() -> None:
    def script(peer: Peer) -> None:
        peer.accept()
        for data in (b"\x01", b"\x02", b"\x01out", b"\x02err", SUCCESS):
            peer.send(data)
        peer.send(b"\x03\xe8", Opcode.CLOSE)

    server = Server(script)
    stream = open_stream(server)

    events = events_until(stream, ended)

    assert events == [Output(Channel.STDOUT, b"out"), Output(Channel.STDERR, b"err"), Exit(0)]
    assert stream.receive() == []
    stream.close()
    server.finish()


def test_stdin_resize_and_its_end_are_sent_as_frames() -> None:
    received: list[tuple[Opcode, bytes]] = []

    def script(peer: Peer) -> None:
        peer.accept()
        received.extend(peer.receive() for _ in range(3))
        peer.send(SUCCESS)
        peer.sock.recv(1)

    server = Server(script)
    stream = open_stream(server)
    stream.resize(TerminalSize(rows=24, columns=80))
    stream.send(b"hello")
    stream.end_input()

    events_until(stream, ended)

    stream.close()
    server.finish()
    assert received == [
        (Opcode.BINARY, b'\x04{"Width": 80, "Height": 24}'),
        (Opcode.BINARY, b"\x00hello"),
        (Opcode.BINARY, b"\xff\x00"),
    ]


def test_a_ping_is_answered_with_its_own_words() -> None:
    received: list[tuple[Opcode, bytes]] = []

    def script(peer: Peer) -> None:
        peer.accept()
        peer.send(b"are you there", Opcode.PING)
        received.append(peer.receive())
        peer.send(SUCCESS)

    server = Server(script)
    stream = open_stream(server)

    events_until(stream, ended)

    server.finish()
    stream.close()
    assert received == [(Opcode.PONG, b"are you there")]


def test_we_ping_when_it_is_time() -> None:
    received: list[tuple[Opcode, bytes]] = []

    def script(peer: Peer) -> None:
        peer.accept()
        received.append(peer.receive())

    server = Server(script)
    stream = open_stream(server)
    now = time.monotonic()

    following = stream.keepalive(now + 16)

    server.finish()
    stream.close()
    assert received[0][0] is Opcode.PING
    assert now + 16 < following <= now + 31


def test_a_peer_that_never_answers_is_lost_after_thirty_seconds() -> None:
    def script(peer: Peer) -> None:
        peer.accept()
        with contextlib.suppress(ConnectionResetError):  # which the end of a silent stream is
            peer.sock.recv(MEGABYTE)
            peer.sock.recv(MEGABYTE)

    server = Server(script)
    stream = open_stream(server)
    now = time.monotonic()
    stream.keepalive(now + 16)

    with pytest.raises(ConnectionLost, match="nothing was received for 30 s"):
        stream.keepalive(now + 31)

    stream.close()
    server.finish()


def test_while_we_do_not_read_nobody_is_lost_and_the_pings_go_on() -> None:
    received: list[tuple[Opcode, bytes]] = []

    def script(peer: Peer) -> None:
        peer.accept()
        received.extend(peer.receive() for _ in range(5))

    server = Server(script)
    stream = open_stream(server)
    now = time.monotonic()

    for seconds in range(0, 120, 20):
        stream.idle(now + seconds)

    server.finish()
    stream.close()
    assert [opcode for opcode, _ in received] == [Opcode.PING] * 5


@pytest.mark.parametrize(
    ("goodbye", "why"),
    [
        pytest.param(lambda _peer: None, "closed by the server without a reason", id="end of file"),
        pytest.param(
            lambda peer: (peer.send(b"\x03\xf3going down", Opcode.CLOSE), peer.sock.recv(1)),
            "closed by the server: 1011 going down",
            id="close frame, while the socket stays open",
        ),
        pytest.param(
            lambda peer: peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"),
            "reset by peer",
            id="reset",
        ),
        pytest.param(
            lambda peer: (peer.sock.sendall(b"\xff\xff"), peer.sock.recv(1)), "not the WebSocket protocol", id="noise"
        ),
    ],
)
def test_without_an_exit_the_end_is_a_lost_connection(goodbye: Callable[[Peer], object], why: str) -> None:
    def script(peer: Peer) -> None:
        peer.accept()
        peer.send(b"\x01last words")
        assert peer.receive() == (Opcode.BINARY, b"\x00go")
        goodbye(peer)

    server = Server(script)
    stream = open_stream(server)
    heard = events_until(stream, bool)
    stream.send(b"go")

    with pytest.raises(ConnectionLost, match=why):
        events_until(stream, ended)

    assert heard == [Output(Channel.STDOUT, b"last words")]
    stream.close()
    server.finish()


def test_output_that_came_with_the_end_is_told_before_the_loss() -> None:
    def script(peer: Peer) -> None:
        peer.accept()
        peer.sock.sendall(frame(b"\x01one") + frame(b"\x01two") + frame(b"\x03\xe8", Opcode.CLOSE))
        peer.sock.recv(1)

    server = Server(script)
    stream = open_stream(server)

    assert until_lost(stream) == [Output(Channel.STDOUT, b"one"), Output(Channel.STDOUT, b"two")]
    stream.close()
    server.finish()


def test_an_exit_counts_although_our_input_was_cut_off() -> None:
    def script(peer: Peer) -> None:
        peer.accept()
        peer.send(SUCCESS)
        peer.sock.shutdown(socket.SHUT_RDWR)

    server = Server(script)
    stream = open_stream(server)
    server.finish()
    for _ in range(20):
        stream.send(b"x" * MEGABYTE)

    assert events_until(stream, ended) == [Exit(0)]
    stream.close()


def test_closing_says_goodbye() -> None:
    received: list[tuple[Opcode, bytes]] = []

    def script(peer: Peer) -> None:
        peer.accept()
        received.append(peer.receive())

    server = Server(script)
    stream = open_stream(server)

    stream.close()
    stream.close()

    server.finish()
    assert received == [(Opcode.CLOSE, b"\x03\xe8")]


def test_once_much_input_is_known_to_be_taken_silence_counts_again() -> None:
    def script(peer: Peer) -> None:
        peer.accept()
        while (message := peer.receive())[0] is not Opcode.PING:
            pass
        peer.send(message[1], Opcode.PONG)
        peer.send(b"\x01here")
        peer.receive()
        peer.sock.recv(1)

    server = Server(script)
    stream = open_stream(server)
    now = time.monotonic()
    stream.send(b"x" * 100_000)
    stream.keepalive(now + 16)
    events_until(stream, bool)
    stream.keepalive(now + 17)
    stream.keepalive(now + 35)

    with pytest.raises(ConnectionLost, match="nothing was received"):
        stream.keepalive(now + 48)
    stream.close()
    server.finish()


@pytest.mark.parametrize("silent", [True, False])
def test_what_was_said_into_a_silence_is_taken_back(silent: bool) -> None:
    closed, ends = threading.Event(), []

    def script(peer: Peer) -> None:
        peer.accept()
        assert closed.wait(SECONDS)
        try:
            while peer.sock.recv(65536):
                pass
            ends.append("end")
        except ConnectionResetError:
            ends.append("reset")

    server = Server(script)
    stream = open_stream(server)
    stream.send(b"beat")
    if silent:
        now = time.monotonic()
        stream.keepalive(now + 16)
        with pytest.raises(ConnectionLost, match="nothing was received"):
            stream.keepalive(now + 31)
    stream.close()
    closed.set()

    server.finish()
    assert ends == ["reset" if silent else "end"]


def test_a_server_that_only_pings_and_never_reads_is_answered_once_and_then_the_last() -> None:
    """Else its pings would fill our memory."""
    done = threading.Event()
    answers: list[bytes] = []

    def script(peer: Peer) -> None:
        peer.accept()
        for number in range(5000):
            peer.send(b"ping %d" % number, Opcode.PING)
        assert done.wait(SECONDS)
        while not answers or answers[-1] != b"ping 4999":
            opcode, data = peer.receive()
            if opcode is Opcode.PONG:
                answers.append(data)

    server = Server(script)
    stream = open_stream(server)
    stream.send(b"x" * (16 * MEGABYTE))  # more than the kernel takes
    before = stream.backlog
    deadline = time.monotonic() + SECONDS
    while stream._owed != b"ping 4999" and time.monotonic() < deadline:
        stream.receive()
    grown = stream.backlog - before
    done.set()
    while stream.wants_write and time.monotonic() < deadline:
        stream.flush()

    server.finish()
    stream.close()
    assert grown < 100
    assert answers[-1] == b"ping 4999"
    assert len(answers) < 10
