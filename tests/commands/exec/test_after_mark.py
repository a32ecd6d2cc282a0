"""On a terminal the echo of a script is left out, and nothing else."""

from __future__ import annotations

import pytest

from kubectl_dshell.commands.exec.after_mark import AfterMark
from kubectl_dshell.domain.stream import Channel, Event, Exit, Output, TerminalSize
from kubectl_dshell.errors import ConnectionLost
from kubectl_dshell.remote.exec_script import MARK
from tests.commands.world import FakeStream

ECHO = b"printf '\\036'\r\nexec sh\r\n"


class Batches(FakeStream):
    """Each `receive` gives one of them; in the end nothing, or the connection is lost."""

    def __init__(self, *batches: list[Event], lost: bool = False) -> None:
        super().__init__([])
        self.batches, self.lost = list(batches), lost

    def receive(self) -> list[Event]:
        if self.lost and not self.batches:
            raise ConnectionLost("gone")
        return self.batches.pop(0) if self.batches else []


def out(data: bytes) -> Output:
    return Output(Channel.STDOUT, data)


def read(*batches: list[Event]) -> tuple[list[list[Event]], int]:
    """What each `receive` gives until it gives nothing, and how many batches are left then."""
    fake = Batches(*batches)
    stream, given = AfterMark(fake, MARK, holds_input=False), []
    while events := list(stream.receive()):
        given.append(events)
    fake.close()
    return given, len(fake.batches)


@pytest.mark.parametrize(
    ("batches", "given"),
    [
        pytest.param([[out(ECHO + MARK + b"$ ")]], [[out(b"$ ")]], id="all in one event"),
        pytest.param([[out(ECHO), out(MARK + b"$ ")]], [[out(b"$ ")]], id="the mark begins an event"),
        pytest.param([[out(ECHO + MARK), out(b"$ ")]], [[out(b"$ ")]], id="the mark ends an event"),
        pytest.param([[out(ECHO + MARK)], [out(b"$ ")]], [[out(b"$ ")]], id="the mark ends what has arrived"),
        pytest.param([[out(ECHO)], [out(MARK)], [out(b"$ ")]], [[out(b"$ ")]], id="the mark arrives alone"),
        pytest.param([[out(ECHO[:9])], [out(ECHO[9:])], [out(MARK + b"$ ")]], [[out(b"$ ")]], id="an echo in pieces"),
        pytest.param([[out(MARK + b"$ ")]], [[out(b"$ ")]], id="a terminal without echo"),
        pytest.param(
            [[out(MARK + b"a" + MARK + b"b")], [out(MARK), out(b"c")]],
            [[out(b"a" + MARK + b"b")], [out(MARK), out(b"c")]],
            id="only the first mark is ours",
        ),
        pytest.param(
            [[out(ECHO + MARK + b"a"), out(b"b"), Exit(3)]], [[out(b"a"), out(b"b"), Exit(3)]], id="and the end with it"
        ),
        pytest.param([[out(ECHO + MARK), Exit(0)]], [[Exit(0)]], id="a command that prints nothing"),
        pytest.param([[out(ECHO)], [Exit(73)]], [[Exit(73)]], id="it ends before the mark"),
        pytest.param([[out(ECHO), Exit(73)]], [[Exit(73)]], id="it ends before the mark, and all arrives at once"),
        pytest.param([[Exit(None, "no sh")]], [[Exit(None, "no sh")]], id="it never began"),
        pytest.param([[out(ECHO)]], [], id="nothing but an echo yet"),
        pytest.param([], [], id="nothing yet"),
    ],
)
def test_output_begins_after_the_mark(batches: list[list[Event]], given: list[list[Event]]) -> None:
    """`receive` gives nothing only when nothing is there: who polls would wait for what has been read already."""
    assert read(*batches) == (given, 0)


def test_who_writes_a_megabyte_without_a_mark_is_none_of_ours_and_heard_from_then_on() -> None:
    flood: list[Event] = [out(b"x" * 65536)] * 17

    given, left = read(flood, [out(b"y"), out(b"z")], [out(MARK + b"w")])

    assert (given[-2:], left) == ([[out(b"y"), out(b"z")], [out(MARK + b"w")]], 0)


def test_up_to_a_megabyte_it_is_waited_for() -> None:
    flood: list[Event] = [out(b"x" * 65536)] * 15

    assert read(flood, [out(b"x" * 65000)], [out(MARK + b"$ ")]) == ([[out(b"$ ")]], 0)


def test_a_connection_that_is_lost_before_the_mark_is_lost() -> None:
    fake = Batches([out(ECHO)], lost=True)

    with pytest.raises(ConnectionLost):
        AfterMark(fake, MARK, holds_input=False).receive()
    fake.close()


def test_what_arrived_before_a_connection_was_lost_is_given_first() -> None:
    fake = Batches([out(ECHO)], [out(MARK + b"bye")], lost=True)
    stream = AfterMark(fake, MARK, holds_input=False)

    assert stream.receive() == [out(b"bye")]
    with pytest.raises(ConnectionLost):
        stream.receive()
    fake.close()


class Busy(FakeStream):
    """A socket that accepts nothing for now, and notes what it is asked."""

    wants_write, backlog = True, 7

    def __init__(self) -> None:
        super().__init__([])
        self.asked: list[object] = []

    def flush(self) -> None:
        self.asked.append("flush")

    def end_input(self) -> None:
        self.asked.append("end_input")

    def resize(self, size: TerminalSize) -> None:
        self.asked.append(size)


def test_in_everything_else_it_is_the_stream() -> None:
    fake = Busy()
    stream = AfterMark(fake, MARK, holds_input=False)

    stream.send(b"ls\n")
    stream.resize(TerminalSize(24, 80))
    stream.flush()
    stream.end_input()

    assert (stream.fileno(), stream.wants_write, stream.backlog) == (fake.fileno(), True, 7)
    fake.wants_write, fake.backlog = False, 0
    assert (stream.wants_write, stream.backlog) == (False, 0)
    assert (fake.sent, fake.asked) == (b"ls\n", [TerminalSize(24, 80), "flush", "end_input"])
    assert (stream.keepalive(1.0), stream.idle(2.0)) == (16.0, 17.0)
    stream.close()
    assert fake.closed


class Noted(Batches):
    """Notes in which order it is asked."""

    def __init__(self, *batches: list[Event]) -> None:
        super().__init__(*batches)
        self.asked: list[object] = []

    def send(self, data: bytes | memoryview) -> None:
        self.asked.append(bytes(data))

    def end_input(self) -> None:
        self.asked.append("end_input")


def test_what_is_typed_to_a_command_waits_for_the_mark_so_that_its_echo_is_shown() -> None:
    fake = Noted([out(ECHO)], [out(MARK)])
    stream = AfterMark(fake, MARK, holds_input=True)

    stream.send(b"ty")
    stream.send(b"ped\n")
    stream.end_input()
    waiting = (list(fake.asked), stream.backlog)
    stream.receive()
    stream.send(b"more\n")

    assert waiting == ([], 6)
    assert fake.asked == [b"typed\n", "end_input", b"more\n"]
    assert stream.backlog == 0
    fake.close()


def test_without_a_mark_what_is_typed_goes_with_the_output_that_is_not_ours() -> None:
    fake = Noted([out(b"x" * 1024 * 1024)], [out(b"y")])
    stream = AfterMark(fake, MARK, holds_input=True)
    stream.send(b"typed\n")

    assert stream.receive() == [out(b"y")]
    assert fake.asked == [b"typed\n"]
    fake.close()


def test_the_echo_of_a_long_script_is_left_out_to_its_end() -> None:
    fake = Batches([out(b"x" * 3_000_000)], [out(b"y" * 999_999 + MARK + b"$ ")])

    assert AfterMark(fake, MARK, holds_input=False, script_bytes=1_000_000).receive() == [out(b"$ ")]
    fake.close()
