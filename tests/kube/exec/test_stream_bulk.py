"""Much data through an exec stream, with bounded memory."""

from __future__ import annotations

import select
import threading
import time
from typing import TYPE_CHECKING

import pytest

from kubectl_dshell.domain.stream import Channel, Exit, Output
from kubectl_dshell.kube.exec.frames import Opcode
from kubectl_dshell.kube.exec.stream import RECEIVE_LIMIT
from kubectl_dshell.kube.exec.upgrade import open_exec
from tests.kube.loopback import SECONDS, Peer, Server, frame
from tests.kube.rig import MEGABYTE, SUCCESS, connection, ended, events_until, open_stream, secure

if TYPE_CHECKING:
    from tests.kube.conftest import Certificates


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_fifty_megabytes_come_and_go(tls: bool, certificates: Certificates) -> None:
    piece = bytes(range(256)) * 128
    count = 50 * MEGABYTE // len(piece)
    taken = 0

    def script(peer: Peer) -> None:
        nonlocal taken
        peer.accept()
        for _ in range(count):
            peer.send(b"\x01" + piece)
        while (message := peer.receive()[1]) != b"\xff\x00":
            taken += len(message) - 1
        peer.send(SUCCESS)

    server = Server(script, tls=certificates.server_context(ask=True) if tls else None)
    where = secure(server.port, certificates) if tls else connection(server.port)
    stream = open_exec(where, "ns", "web", "box", ["cat"], stdin=True, tty=False)
    received = sent = 0
    deadline = time.monotonic() + 60
    while received < count * len(piece):
        assert time.monotonic() < deadline
        select.select([stream], [], [], 1)
        events = stream.receive()
        assert sum(len(event.data) for event in events if isinstance(event, Output)) <= 2 * RECEIVE_LIMIT
        received += sum(len(event.data) for event in events if isinstance(event, Output))
    while sent < count:
        assert time.monotonic() < deadline
        if stream.backlog < 4 * len(piece):
            stream.send(piece)
            sent += 1
        else:
            select.select([], [stream], [], 1)
            stream.flush()
    stream.end_input()

    assert events_until(stream, ended) == [Exit(0)]
    assert taken == received == 50 * MEGABYTE
    assert stream.backlog == 0
    stream.close()
    server.finish()


def test_a_server_that_does_not_read_leaves_a_backlog_and_no_block() -> None:
    seen = threading.Event()

    def script(peer: Peer) -> None:
        peer.accept()
        assert seen.wait(SECONDS)
        while peer.receive()[1] != b"\xff\x00":
            pass
        peer.send(SUCCESS)

    server = Server(script)
    stream = open_stream(server)
    began = time.monotonic()

    stream.send(b"x" * (16 * MEGABYTE))

    assert time.monotonic() - began < SECONDS / 2
    assert stream.wants_write
    seen.set()
    stream.end_input()
    assert Exit(0) in events_until(stream, ended)
    assert not stream.wants_write
    stream.close()
    server.finish()


def test_bytes_that_tls_holds_back_are_not_forgotten(certificates: Certificates) -> None:
    """More than RECEIVE_LIMIT at once, then silence: nothing may stay where no poll sees it."""
    count = 3 * RECEIVE_LIMIT // 1000

    def script(peer: Peer) -> None:
        peer.accept()
        for _ in range(count):
            peer.send(b"\x01" + b"x" * 1000)
        assert peer.receive()[1] == b"\x00all here"

    server = Server(script, tls=certificates.server_context(ask=True))
    stream = open_exec(secure(server.port, certificates), "ns", "web", "box", ["cat"], stdin=True, tty=False)

    events = events_until(stream, lambda so_far: len(so_far) == count)

    stream.send(b"all here")
    server.finish()
    stream.close()
    assert len(events) == count


def test_frames_that_came_with_the_handshake_are_not_forgotten(certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        peer.accept(followed_by=frame(b"\x01early") + frame(SUCCESS))
        opcode, data = peer.receive()
        assert opcode is Opcode.PING
        peer.send(data, Opcode.PONG)

    server = Server(script, tls=certificates.server_context(ask=True))
    stream = open_exec(secure(server.port, certificates), "ns", "web", "box", ["true"], stdin=False, tty=False)

    assert events_until(stream, ended) == [Output(Channel.STDOUT, b"early"), Exit(0)]
    stream.close()
    server.finish()
