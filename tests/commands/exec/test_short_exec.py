"""A short exec hears enough, never more."""

from __future__ import annotations

import pytest

from kubectl_dshell.commands.exec.short_exec import exec_once
from kubectl_dshell.commands.parallel import Stop
from kubectl_dshell.domain.pod.container_ref import ContainerRef
from kubectl_dshell.domain.stream import Channel, Event, Exit, Output, Stream
from kubectl_dshell.remote.exec_script import ExecScript, state_exec
from tests.commands.world import Exec, FakeStream, FakeStreams, World

PLACE = ContainerRef("ns", "web", "dshell-a")


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

    answer = exec_once(PLACE, state_exec(), ports, stop, seconds=1000)

    stop.close()
    assert answer.exit is None
    assert len(answer.out) == (66000 if channel is Channel.STDOUT else 0)
    assert len(answer.err) == (0 if channel is Channel.STDOUT else 3000), "about as much as people are shown"
    assert talker.closed


def test_the_script_comes_first_and_the_words_after_it() -> None:
    stream, stop = FakeStream([Exit(0)]), Stop()

    class One(FakeStreams):
        def answer(self, asked: Exec) -> Stream:
            assert asked.mode == "x"
            return stream

    asked = ExecScript(("sh", "-c", "read it", "dshell", "x"), b"script\nof two lines\n\n")

    answer = exec_once(PLACE, asked, World(streams=One()).ports(), stop, seconds=1000, words=b"end\n")

    stop.close()
    assert answer.exit == Exit(0)
    assert (stream.script, stream.sent) == (asked.text, b"end\n")
