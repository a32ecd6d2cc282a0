"""A short exec hears enough, never more."""

from __future__ import annotations

import pytest

from kubectl_dshell.commands.exec.short_exec import exec_once
from kubectl_dshell.commands.parallel import Stop
from kubectl_dshell.domain.pod.container_ref import ContainerRef
from kubectl_dshell.domain.stream import Channel, Event, Output, Stream
from tests.commands.world import Exec, FakeStream, FakeStreams, World


class Talker(FakeStream):
    """Says the same for ever."""

    def __init__(self, event: Output) -> None:
        super().__init__([])
        self.event, self.times = event, 0

    def receive(self) -> list[Event]:
        self.times += 1
        assert self.times < 1000, "nobody stops it"
        return [self.event]


@pytest.mark.parametrize("channel", [Channel.STDOUT, Channel.STDERR])
def test_who_does_not_end_is_left(channel: Channel) -> None:
    talker, stop = Talker(Output(channel, b"x" * 1000)), Stop()

    class Talkative(FakeStreams):
        def answer(self, asked: Exec) -> Stream:
            return talker

    ports = World(streams=Talkative()).ports()

    answer = exec_once(ContainerRef("ns", "web", "dshell-a"), ["state"], ports, stop, seconds=1000)

    stop.close()
    assert answer.exit is None
    assert len(answer.out) == (66000 if channel is Channel.STDOUT else 0)
    assert talker.closed
