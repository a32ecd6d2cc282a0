"""What an idle session sends: 60 small frames in ten minutes at most, those of its tether included."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from kubectl_dshell.commands.exec.tether import Tether
from kubectl_dshell.kube.connection.connection import LastHeard
from kubectl_dshell.kube.exec import channel
from kubectl_dshell.kube.exec.frames import Opcode
from kubectl_dshell.kube.exec.stream import ExecStream
from tests.commands.world import OPEN, World
from tests.kube.loopback import frame, unmasked

if TYPE_CHECKING:
    from kubectl_dshell.domain.stream import Event

SECONDS, MOST, SMALL = 600, 60, 64
ROUND_TRIP = 0.1


class Server:
    """The other end of an exec, which answers pings, and echoes what it gets as tether.sh does."""

    def __init__(self, others: LastHeard, greeting: bytes = b"") -> None:
        near, self._far = socket.socketpair()
        self._far.setblocking(False)
        self._far.send(greeting)
        self.stream = ExecStream(near, channel.V5, now=0.0, others=others)
        self.frames: list[bytes] = []

    def answer(self) -> None:
        try:
            said = self._far.recv(65536)
        except BlockingIOError:
            return
        while said:
            before = len(said)
            opcode, data, rest = unmasked(said)
            self.frames.append(said[: before - len(rest)])
            said = rest
            pong = opcode is Opcode.PING
            self._far.send(frame(data, Opcode.PONG) if pong else frame(b"\x01" + data[1:]))

    def close(self) -> None:
        self.stream.close()
        self._far.close()


@pytest.mark.parametrize("keep", [0, 3600])
def test_an_idle_session_sends_a_small_frame_in_ten_seconds_at_most(keep: int) -> None:
    world, others = World(), LastHeard()
    shell, far = Server(others), Server(others, frame(b"\x01" + OPEN.encode() + b"\n"))
    tether = Tether("abcdefgh", lambda: far.stream, world.clock, world.notices.warn)
    tether.keep(keep)
    assert tether.facts().pid == 7
    output: list[Event] = []

    now = 0.0
    while now < SECONDS:
        tether.service(now)
        shell.stream.keepalive(now)
        for server in (far, shell):
            server.answer()
        now += ROUND_TRIP
        output += shell.stream.receive()
        now = max(now, min(tether.service(now), shell.stream.keepalive(now)))

    sent = far.frames + shell.frames
    print(f"{len(far.frames)} by the tether, {len(shell.frames)} by the shell, {max(map(len, sent))} bytes at most")
    assert far.frames
    assert shell.frames, "a dead connection is noticed"
    assert len(sent) <= MOST
    assert max(map(len, sent)) <= SMALL
    assert not output
    tether.close()
    for server in (shell, far):
        server.close()
