"""A session between code of ours: every byte once, in order, and each failure heard of in its turn."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from io import BufferedReader, BufferedWriter

import pytest

from kubectl_dshell.domain.stream import Exit, Piped
from kubectl_dshell.errors import ConnectionLost, Interrupted, NotFound, OutputFailed, Truncated
from kubectl_dshell.terminal.piped_relay import relay_piped
from kubectl_dshell.terminal.signals import Signals
from tests.terminal.fakes import FakeCompanion, FarSide, pair
from tests.terminal.rig import thread
from tests.waiting import wait_until

pytestmark = pytest.mark.terminal
MEGABYTE = 1 << 20


class Rig:
    def __init__(self) -> None:
        self.stream, self.far = pair()
        self.companion = FakeCompanion()
        self.words = b""

    def run(
        self,
        sink: Callable[[BufferedReader], None],
        source: Callable[[BufferedWriter], None] | None = None,
        **how: float,
    ) -> Piped:
        with Signals() as signals:
            return relay_piped(self.stream, self.companion, signals, self.words, sink, source, **how)


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    made.stream.close()
    made.far.socket.close()


def drain(reader: BufferedReader) -> None:
    while reader.read(MEGABYTE):
        pass


def writes(data: bytes) -> Callable[[BufferedWriter], None]:
    def source(writer: BufferedWriter) -> None:
        writer.write(data)

    return source


def test_what_is_written_is_read_and_what_is_said_is_kept(rig: Rig) -> None:
    data, found = os.urandom(20 * MEGABYTE), []

    def script() -> None:
        for start in range(0, len(data), 100_000):
            rig.far.write(data[start : start + 100_000])
        rig.far.write(b"words\n" * 10_000, "r")
        rig.far.exit(3)

    with thread(script):
        piped = rig.run(lambda reader: found.append(reader.read()))

    assert found == [data]
    assert (piped.end, piped.failure) == (Exit(3), None)
    assert piped.said.startswith("words\nwords\n")
    assert len(piped.said) <= 16 * 1024


def test_a_slow_sink_holds_the_sender_back_and_the_companion_is_served(rig: Rig) -> None:
    piece, sent, go_on = bytes(MEGABYTE), [], threading.Event()

    def script() -> None:
        for number in range(40):
            rig.far.write(piece)
            sent.append(number)
        rig.far.exit(0)

    def sink(reader: BufferedReader) -> None:
        reader.read(1)
        go_on.wait(20)
        drain(reader)

    def watch() -> None:
        wait_until(lambda: rig.stream.idled)
        served = len(rig.companion.calls)
        wait_until(lambda: len(rig.companion.calls) > served + 5)
        assert len(sent) < 30
        go_on.set()

    with thread(script), thread(watch):
        assert rig.run(sink).end == Exit(0)

    assert len(sent) == 40
    assert rig.stream.idled


def test_what_a_source_writes_arrives_with_its_end(rig: Rig) -> None:
    data = os.urandom(3 * MEGABYTE)
    typed = bytearray()

    def script() -> None:
        while (frame := rig.far.next())[0] == "i":
            typed.extend(frame[1])
        assert frame[0] == "e"
        rig.far.exit(0)

    with thread(script):
        piped = rig.run(drain, writes(data))

    assert typed == data
    assert piped == Piped(Exit(0), "", None)


def test_a_command_that_ends_stops_its_source(rig: Rig) -> None:
    def endless(writer: BufferedWriter) -> None:
        while True:
            writer.write(bytes(MEGABYTE))

    def script() -> None:
        rig.far.next()
        rig.far.exit(5)

    with thread(script):
        assert rig.run(drain, endless) == Piped(Exit(5), "", None)


def test_a_sink_that_fails_ends_it_at_once(rig: Rig) -> None:
    def sink(reader: BufferedReader) -> None:
        reader.read(1)
        raise OutputFailed("the disk is full")

    rig.far.write(b"x")

    with pytest.raises(OutputFailed, match="the disk is full"):
        rig.run(sink)


@pytest.mark.parametrize("error", [Truncated("half"), NotFound("gone")])
def test_a_failure_at_the_end_is_told_with_the_exit_code(rig: Rig, error: Exception) -> None:
    def sink(reader: BufferedReader) -> None:
        drain(reader)
        raise error

    rig.far.write(b"x")
    rig.far.exit(4)

    assert rig.run(sink) == Piped(Exit(4), "", error)


def test_what_is_cut_short_waits_for_the_exit_code_that_explains_it(rig: Rig) -> None:
    def sink(reader: BufferedReader) -> None:
        reader.read(1)
        raise Truncated("half")

    def script() -> None:
        for _ in range(30):
            rig.far.write(bytes(MEGABYTE))
        rig.far.exit(9)

    with thread(script):
        piped = rig.run(sink)

    assert (piped.end, type(piped.failure)) == (Exit(9), Truncated)


def test_a_failing_source_ends_the_input(rig: Rig) -> None:
    def source(writer: BufferedWriter) -> None:
        writer.write(b"half")
        raise NotFound("cannot be read")

    def script() -> None:
        assert [rig.far.next(), rig.far.next()] == [("i", b"half"), ("e", b"")]
        rig.far.exit(1)

    with thread(script):
        piped = rig.run(drain, source)

    assert (piped.end, type(piped.failure)) == (Exit(1), NotFound)


@pytest.mark.parametrize("where", ["sink", "source"])
def test_a_bug_is_a_bug(rig: Rig, where: str) -> None:
    def bug(_file: object) -> None:
        raise ZeroDivisionError

    rig.far.exit(0)

    with pytest.raises(ZeroDivisionError):
        rig.run(bug if where == "sink" else drain, bug if where == "source" else None)


def interrupt(until: Callable[[], bool]) -> None:
    wait_until(until)
    os.kill(os.getpid(), signal.SIGINT)


def test_a_receiving_command_hears_the_end_of_its_input_when_interrupted(rig: Rig) -> None:
    begun, tidied = threading.Event(), threading.Event()

    def source(writer: BufferedWriter) -> None:
        writer.write(b"half")
        writer.flush()
        assert tidied.wait(20)
        writer.write(b"never")

    def script() -> None:
        far: FarSide = rig.far
        assert far.next() == ("i", b"half")
        begun.set()
        while far.next()[0] == "i":
            pass
        tidied.set()
        far.exit(1)

    with thread(script), thread(interrupt, begun.is_set), pytest.raises(Interrupted):
        rig.run(drain, source)

    assert tidied.is_set()


def test_one_that_does_not_end_is_left_after_a_while(rig: Rig) -> None:
    begun = threading.Event()

    with thread(interrupt, begun.is_set), pytest.raises(Interrupted):
        rig.run(drain, lambda _writer: begun.set(), end_seconds=0.3)


def test_a_lost_connection_ends_both(rig: Rig) -> None:
    rig.far.write(b"x")
    rig.far.socket.close()

    with pytest.raises(ConnectionLost):
        rig.run(drain, writes(bytes(8 * MEGABYTE)))
