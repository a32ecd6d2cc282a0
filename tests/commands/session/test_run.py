"""What is said to the holder, and in which order, when a session does not end by itself."""

from __future__ import annotations

import signal

import pytest

from kubectl_dshell.commands.session.open import open_session
from kubectl_dshell.domain.stream import Companion, Event, Exit, Stream
from kubectl_dshell.errors import ConnectionLost, Interrupted
from tests.commands.world import Exec, FakeStream, FakeStreams, World, request


class Command(FakeStream):
    """Ends as soon as the holder has heard a goodbye."""

    def __init__(self, tethers: list[FakeStream]) -> None:
        super().__init__([])
        self._tethers = tethers
        self.heard = b""

    def receive(self) -> list[Event]:
        self.heard = self._tethers[0].sent
        return [Exit(137)] if b"bye " in self.heard else []


class Streams(FakeStreams):
    def __init__(self) -> None:
        super().__init__()
        self.command = Command(self.tethers)

    def answer(self, asked: Exec) -> Stream:
        return self.command if asked.mode == "run" else super().answer(asked)


def left_by(error: BaseException, streams: FakeStreams) -> World:
    """Its session ends so."""
    world = World(streams=streams)

    def session(companion: Companion) -> Exit:
        companion.service(world.clock.monotonic())
        raise error

    world.terminal.session = session
    return world


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_who_is_stopped_says_goodbye_and_sees_the_command_end_before_its_input_does(number: signal.Signals) -> None:
    streams = Streams()
    world = left_by(Interrupted(number), streams)

    with pytest.raises(Interrupted):
        open_session(request(), world.ports())

    assert b"bye " in streams.command.heard


def test_who_lost_the_connection_says_no_goodbye_and_may_come_back() -> None:
    world = left_by(ConnectionLost("reset by peer"), Streams())

    with pytest.raises(ConnectionLost, match=r"web lost .reset by peer.; the debug container stays") as raised:
        open_session(request(), world.ports())

    assert raised.value.advice == ("Come back with: kubectl dshell attach web/dshell-00000 -n shop",)
    assert [line.split()[0] for line in world.tethers[0].sent.splitlines()] == [b"beat"]
    assert world.tethers[0].closed
