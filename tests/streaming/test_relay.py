"""The relay in any thread, with any sink; terminals and pipes are in tests/terminal."""

from __future__ import annotations

import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest

from kubectl_dshell.commands.parallel import Stop
from kubectl_dshell.domain.stream import BufferedSink, Exit, Output, Stream
from kubectl_dshell.errors import ConnectionLost, Interrupted, OutputFailed, TimedOut
from kubectl_dshell.streaming.relay import Relay, Unbuffered
from tests.terminal.fakes import FakeCompanion, FakeStream, FarSide, pair

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 20


class Heap:
    """A Sink that keeps what it gets, and is full as long as it is told to be."""

    def __init__(self) -> None:
        self.full = False
        self.written = b""
        self.failure: Exception | None = None

    def check(self) -> None:
        if self.failure:
            raise self.failure

    def write(self, output: Output) -> None:
        self.written += output.data


class Rig:
    def __init__(self) -> None:
        self.stream, self.far = pair()
        self.heap, self.stop, self.companion = Heap(), Stop(), FakeCompanion()

    def run(self, deadline: float | None = None) -> Exit:
        sink: BufferedSink = Unbuffered(self.heap)
        stream: Stream = self.stream
        relay = Relay(stream, sink, self.stop, companion=self.companion)
        return relay.run() if deadline is None else relay.run(deadline)


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    made.stream.close()
    made.far.socket.close()
    made.stop.close()


def test_what_came_is_in_the_sink_when_the_command_has_ended(rig: Rig) -> None:
    for number in range(150):  # more events than are received at once
        rig.far.write(b"%d," % number)
    rig.far.exit(3)

    assert rig.run() == Exit(3)
    assert rig.heap.written == b"".join(b"%d," % number for number in range(150))


def test_it_runs_in_a_thread_and_leaves_the_signals_alone(rig: Rig) -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGWINCH, signal.SIGCONT)
    before = [signal.getsignal(number) for number in numbers]
    ends: list[Exit] = []
    thread = threading.Thread(target=lambda: ends.append(rig.run()))
    thread.start()

    rig.far.write(b"x")
    assert [signal.getsignal(number) for number in numbers] == before
    rig.far.exit(0)
    thread.join(SECONDS)

    assert ends == [Exit(0)]


def test_a_stop_from_another_thread_interrupts_it(rig: Rig) -> None:
    timer = threading.Timer(0.1, rig.stop.set)
    timer.start()

    with pytest.raises(Interrupted):
        rig.run()

    timer.join()
    with pytest.raises(Interrupted):  # a stop is for all, and for ever
        rig.run()


def test_a_full_sink_that_cannot_be_polled_is_looked_at_again(rig: Rig) -> None:
    rig.heap.full = True
    rig.far.write(b"x")
    rig.far.exit(0)

    def make_room() -> None:
        rig.heap.full = False

    timer = threading.Timer(0.3, make_room)
    timer.start()

    assert rig.run() == Exit(0)
    timer.join()
    assert rig.heap.written == b"x"
    assert rig.stream.idled, "the silence of a peer that is not read proves nothing"


def test_a_sink_that_fails_ends_it(rig: Rig) -> None:
    def fail() -> None:
        rig.heap.failure = OutputFailed("the disk is full")
        rig.far.write(b"x")

    timer = threading.Timer(0.1, fail)
    timer.start()

    with pytest.raises(OutputFailed):
        rig.run()

    timer.join()


@pytest.mark.parametrize("talks", [True, False], ids=["one that talks", "one that is silent"])
def test_a_deadline_ends_it_and_what_came_before_counts(rig: Rig, talks: bool) -> None:
    rig.far.write(b"before")
    over = threading.Event()

    def talk(far: FarSide) -> None:
        while talks and not over.wait(0.01):
            far.write(b"x")

    thread = threading.Thread(target=talk, args=(rig.far,))
    thread.start()

    began = time.monotonic()
    with pytest.raises(TimedOut):
        rig.run(began + 0.3)
    over.set()
    thread.join(SECONDS)

    assert time.monotonic() - began >= 0.3
    assert rig.heap.written.startswith(b"before")


def test_a_deadline_that_has_passed_still_takes_what_is_there(rig: Rig) -> None:
    rig.far.write(b"all")
    rig.far.exit(0)

    assert rig.run(time.monotonic() - 1) == Exit(0)
    assert rig.heap.written == b"all"


def test_the_last_words_of_a_connection_that_takes_nothing_are_read(rig: Rig) -> None:
    class Mute(FakeStream):
        def keepalive(self, now: float) -> float:
            raise ConnectionLost("nobody listens")

    rig.stream.__class__ = Mute
    rig.far.write(b"last words")
    rig.far.exit(7)

    assert rig.run() == Exit(7)
    assert rig.heap.written == b"last words"
