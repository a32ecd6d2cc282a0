"""The tether keeps its word: beats, goodbyes, a lost connection found again, the limit announced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial

import pytest

from kubectl_dshell.commands.exec.tether import Tether
from kubectl_dshell.domain.stream import Channel, Event, Exit, Output, Stream
from kubectl_dshell.errors import (
    BadConfig,
    ConnectionLost,
    ContainerNotRunning,
    DshellError,
    PermissionDenied,
    Unavailable,
)
from kubectl_dshell.remote.exec_script import program
from tests.commands.world import GONE, NEW, OPEN, FakeStream, World
from tests.waiting import wait_until

SESSION = "abcdefgh"


class Line:
    """A tether on a scripted supply of streams."""

    def __init__(self, *streams: FakeStream | DshellError, first: bool = False, late: bool = False) -> None:
        self.world = World()
        self.supply: Iterator[FakeStream | DshellError] = iter(streams)
        self.tether = Tether(SESSION, self._connect, self.world.clock, self.world.notices.warn, first=first)
        if not late:
            self.tether.connect()

    def _connect(self) -> Stream:
        given = next(self.supply)
        if isinstance(given, DshellError):
            raise given
        return given


def stream(*events: Event, facts: str = OPEN) -> FakeStream:
    return FakeStream([Output(Channel.STDOUT, f"{facts}\n".encode()), *events], echo=True)


@pytest.mark.parametrize("seconds", [2.0, 15.0])
def test_a_late_one_connects_after_so_many_seconds(seconds: float) -> None:
    fake = stream()
    line = Line(fake, late=True)
    line.tether.connect(seconds)

    assert line.tether.service(seconds - 1) == pytest.approx(seconds, abs=0.1)
    assert not line.tether.alive
    line.tether.service(seconds + 0.1)
    assert line.tether.facts().pid == 7
    line.tether.service(seconds + 0.2)

    assert fake.sent.startswith(f"beat {SESSION} 50 0\n".encode())
    line.tether.close()


def test_the_earlier_of_two_times_counts() -> None:
    line = Line(late=True)
    line.tether.connect(15.0)
    line.tether.connect(2.0)
    line.tether.connect(15.0)

    assert line.tether.service(1.0) == pytest.approx(2.0, abs=0.1)
    line.tether.close()


def test_a_late_one_does_not_connect_by_itself() -> None:
    line = Line(late=True)

    line.tether.service(20.0)
    line.tether.service(40.0)

    assert not line.tether.alive
    line.tether.close()


def test_a_late_one_connects_for_its_facts_and_for_its_goodbye() -> None:
    one, other = Line(stream(), late=True), Line(fake := stream(), late=True)

    assert one.tether.facts().pid == 7
    assert other.tether.goodbye(b"bye x\n")

    assert fake.sent.endswith(b"bye x\n")
    one.tether.close()


def test_a_late_one_connects_when_it_is_told_to() -> None:
    line = Line(fake := stream(), late=True)
    line.tether.service(0.1)
    assert not line.tether.alive

    line.tether.connect()
    wait_until(lambda: line.tether.service(0.2) and fake.sent, 10)

    line.tether.close()


def test_who_is_told_to_connect_again_has_one_connection() -> None:
    line = Line(stream(), late=True)
    line.tether.facts()

    line.tether.connect()
    line.tether.service(0.2)

    assert line.tether.alive
    line.tether.close()


def test_a_late_one_that_nobody_needs_never_connects() -> None:
    line = Line(late=True)

    line.tether.service(1.0)
    line.tether.close()

    assert not line.tether.goodbye(b"bye x\n")


def test_facts_may_arrive_in_pieces() -> None:
    whole = f"{OPEN}\n".encode()
    line = Line(FakeStream([Output(Channel.STDOUT, whole[:9]), Output(Channel.STDOUT, whole[9:])], echo=True))

    assert line.tether.facts().pid == 7
    line.tether.close()


def test_a_beat_goes_out_every_15_seconds() -> None:
    fake = stream()
    line = Line(fake)
    line.tether.facts()
    for now in (100.0, 105.0, 116.0):
        line.tether.service(now)

    assert fake.sent.count(f"beat {SESSION} 50 0\n".encode()) == 3  # the first with the facts
    line.tether.close()


def test_how_long_it_is_to_be_kept_is_said_at_once_and_with_each_beat() -> None:
    fake = stream()
    line = Line(fake)
    line.tether.facts()
    line.tether.keep(1800)
    assert fake.sent.endswith(b"keep 1800\n")
    for now in (100.0, 105.0, 116.0):
        line.tether.service(now)

    assert fake.sent.splitlines()[-2:] == [f"beat {SESSION} 50 0".encode(), b"keep 1800"]
    assert fake.sent.count(b"keep 1800\n") == 3
    line.tether.close()


@pytest.mark.parametrize(("facts", "programs"), [(NEW, [program()]), (OPEN, []), (GONE, [])])
def test_a_first_process_without_a_text_gets_it_once(facts: str, programs: list[bytes]) -> None:
    line = Line(fake := stream(facts=facts))
    line.tether.facts()
    for now in (100.0, 105.0, 116.0):
        line.tether.service(now)

    assert fake.programs == programs
    assert fake.sent.count(f"beat {SESSION} 50 0\n".encode()) == 3, "the beats are not part of it"
    line.tether.close()


def test_the_text_is_no_word_that_an_echo_is_awaited_for() -> None:
    line = Line(stream(facts=NEW))

    assert line.tether.facts().holder_waits
    assert line.tether.goodbye(b"bye x\n")


def test_a_late_one_brings_the_text_too() -> None:
    """The exec that should have brought it may not have come."""
    line = Line(fake := stream(facts=NEW), late=True)

    assert line.tether.goodbye(b"bye x\n")
    assert (fake.programs, fake.sent.endswith(b"bye x\n")) == ([program()], True)


def test_who_has_sent_the_text_unasked_does_not_send_it_again() -> None:
    line = Line(fake := stream(facts=NEW), first=True)
    line.tether.facts()
    line.tether.service(10.0)

    assert fake.programs == []
    line.tether.close()


def test_it_gets_it_once_however_often_its_facts_say_that_it_waits() -> None:
    """The app's user can write into a tether: a line costs a line, not a program."""
    line = Line(fake := stream(facts=f"{NEW}\n{NEW}"))
    with closing(line.tether):
        line.tether.facts()
        fake.events.append(Output(Channel.STDOUT, f"{NEW}\n".encode() * 100))
        line.tether.service(10.0)

        assert len(fake.programs) == 1


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(("again", "programs"), [(NEW, [program()]), (OPEN, [])])
def test_after_a_lost_connection_the_facts_decide_again(again: str, programs: list[bytes], *, first: bool) -> None:
    before, after = stream(facts=NEW), stream(facts=again)
    line = Line(before, after, first=first)
    line.tether.facts()
    before.events.append(Exit(137))
    line.tether.service(10.0)
    line.world.time = 20.0

    assert line.tether.goodbye(b"bye x\n")
    assert (before.programs, after.programs) == ([] if first else [program()], programs)


def test_goodbye_is_acknowledged_by_its_echo() -> None:
    fake = stream()
    line = Line(fake)

    assert line.tether.goodbye(b"bye x\n")
    assert fake.sent.endswith(b"bye x\n")
    assert fake.closed


def test_goodbye_without_an_echo_is_not_acknowledged() -> None:
    mute = FakeStream([Output(Channel.STDOUT, f"{OPEN}\n".encode())])

    assert not Line(mute).tether.goodbye(b"bye x\n", seconds=0.2)


def test_why_it_could_not_connect_is_raised_where_the_facts_are_asked_for() -> None:
    line = Line(PermissionDenied("ada", "create", "pods/exec", "shop"))

    with pytest.raises(PermissionDenied, match="ada may not create"):
        line.tether.facts()
    line.tether.close()


def test_a_debug_container_that_says_nothing_is_lost() -> None:
    line = Line(FakeStream([]))

    with pytest.raises(ConnectionLost, match="does not answer"):
        line.tether.facts(seconds=0.2)
    line.tether.close()


def test_a_tether_that_ends_is_connected_again() -> None:
    first, second = stream(), stream()
    line = Line(first, second)
    line.tether.facts()
    first.events.append(Exit(137))
    line.tether.service(10.0)
    line.world.time = 20.0

    assert line.tether.goodbye(b"bye x\n")
    assert second.sent.endswith(b"bye x\n")


def settled(line: Line, now: float) -> bool:
    line.tether.service(now)
    return not line.tether._connector.busy


def test_who_has_no_credentials_to_come_back_with_is_told_so_once() -> None:
    first = stream()
    line = Line(first, BadConfig("the plugin failed\nSSO: "), BadConfig("retry_command"))
    line.tether.facts()
    first.events.append(Exit(137))
    for now in (10.0, 20.0, 30.0):
        line.world.time = now
        wait_until(partial(settled, line, now), 5)

    told = "the session continues, but will end soon without credentials: the plugin failed SSO:"
    assert [text for text in line.world.said if "credentials" in text] == [told]
    line.tether.close()


def test_who_has_none_for_the_first_connection_is_told_so_too() -> None:
    line = Line(BadConfig("the plugin failed"))

    wait_until(partial(settled, line, 1.0), 5)

    assert line.world.said == ["the session continues, but will end soon without credentials: the plugin failed"]
    line.tether.close()


def test_who_waits_for_the_facts_gets_the_error_and_no_warning() -> None:
    line = Line(BadConfig("the plugin failed"))

    with pytest.raises(BadConfig):
        line.tether.facts()

    assert line.world.said == []
    line.tether.close()


def test_goodbye_to_one_that_is_gone_is_not_acknowledged_and_not_waited_for() -> None:
    first = stream()
    line = Line(first, ContainerNotRunning("container not found"))
    line.tether.facts()
    first.events.append(Exit(137))
    line.tether.service(10.0)
    began = line.world.time

    assert not line.tether.goodbye(b"bye x\n", seconds=1000)
    assert line.world.time - began < 100


def test_one_that_ends_before_it_answers_is_not_waited_for() -> None:
    line = Line(FakeStream([Exit(137, "killed")]))

    with pytest.raises(Unavailable, match="killed"):
        line.tether.facts(seconds=1000)
    line.tether.close()


def test_silence_for_the_whole_lease_is_a_lost_connection() -> None:
    first = stream()
    line = Line(first, *[ContainerNotRunning("container not found")] * 20)
    line.tether.facts()
    first.events.append(Exit(137))
    began = line.world.clock.monotonic()
    for seconds in range(0, 50, 10):
        line.tether.service(began + seconds)

    with pytest.raises(ConnectionLost, match="has not answered for 50 s"):
        line.tether.service(began + 51)
    line.tether.close()


def test_who_was_stopped_asks_before_it_takes_the_connection_for_lost() -> None:
    """Nobody was asked in all that time."""
    line = Line(fake := stream(), late=True)

    line.tether.service(60.0)
    assert line.tether.facts().pid == 7
    line.tether.service(60.2)

    assert fake.sent.startswith(b"beat ")
    line.tether.close()


@pytest.mark.parametrize(("code", "lapsed"), [(138, True), (140, False), (137, None), (0, None)])
def test_the_holder_tells_by_the_end_of_the_tether_whether_it_ended_the_session(code: int, lapsed: bool | None) -> None:
    line = Line(fake := stream(), *[ContainerNotRunning("container not found")] * 20)
    line.tether.facts()
    fake.events.append(Exit(code))

    assert not line.tether.goodbye(b"bye x\n")

    assert line.tether.lapsed is lapsed


def test_how_long_nothing_was_heard_is_counted_from_the_last_word_that_was_answered() -> None:
    line = Line(mute := FakeStream([Output(Channel.STDOUT, f"{OPEN}\n".encode())]))
    line.tether.facts()
    line.world.time = 20.0
    line.tether.service(20.0)  # said again, and not answered
    line.world.time = 60.0
    assert line.tether.unheard > 59

    mute.events.append(Output(Channel.STDOUT, b"beat\n" * mute.sent.count(b"\n")))
    line.tether.service(60.0)

    assert 39 < line.tether.unheard < 41
    line.tether.close()


def test_that_the_pod_is_being_stopped_is_passed_on_and_is_no_echo() -> None:
    said: list[str] = []
    fake = FakeStream([Output(Channel.STDOUT, f"{OPEN}\n".encode())])
    line = Line(fake)
    line.tether.say_leaving = lambda: said.append("leaving")
    line.world.time += 5
    line.tether.facts()
    assert fake.sent == f"beat {SESSION} 50 5\n".encode()

    fake.events.append(Output(Channel.STDOUT, b"dshell-leaving\n"))
    line.tether.service(10.0)

    assert said == ["leaving"]
    assert line.tether.unheard > 5
    fake.events.append(Output(Channel.STDOUT, fake.sent))
    line.tether.service(10.0)
    assert line.tether.unheard < 1
    line.tether.close()


@pytest.mark.parametrize(("left", "now", "said"), [(301, 0.5, 0), (301, 2.0, 1), (40, 0.5, 1)])
def test_the_limit_is_announced_five_minutes_before(left: int, now: float, said: int) -> None:
    line = Line(stream(facts=OPEN.replace("left=28800", f"left={left}")))
    line.tether.facts()
    line.tether.service(now)
    line.tether.service(now)

    assert len([text for text in line.world.said if "this session ends in" in text]) == said
    line.tether.close()


def test_a_closed_tether_says_nothing_and_connects_no_more() -> None:
    line = Line(stream())
    line.tether.facts()
    line.tether.close()

    assert not line.tether.goodbye(b"bye x\n")
    assert not line.tether.alive


GARBAGE = [
    pytest.param(b"dshell garbage\n", id="no facts"),
    pytest.param(OPEN.replace("left=28800", f"left=1{'0' * 400}").encode() + b"\n", id="a number without an end"),
    pytest.param(OPEN.replace("pid=7", "pid=\u00b2").encode() + b"\n", id="a digit that is none"),
    pytest.param(b"dshell \xff\xfe\n", id="not UTF-8"),
    pytest.param(b"x" * 70_000, id="a line without an end"),
]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_what_cannot_be_understood_is_a_broken_tether_and_it_is_connected_anew(garbage: bytes) -> None:
    broken, whole = FakeStream([Output(Channel.STDOUT, garbage)]), stream()
    line = Line(broken, whole)
    with pytest.raises(ConnectionLost, match="does not answer"):
        line.tether.facts(seconds=0.2)
    assert broken.closed
    line.world.time += 6

    assert line.tether.facts().pid == 7
    line.tether.service(line.world.clock.monotonic())
    assert whole.sent.startswith(f"beat {SESSION} 50 6\n".encode())
    line.tether.close()


@pytest.mark.parametrize("garbage", GARBAGE)
def test_and_so_it_is_in_the_middle_of_a_session(garbage: bytes) -> None:
    first, second = stream(), stream()
    line = Line(first, second)
    line.tether.facts()
    first.events.append(Output(Channel.STDOUT, garbage))
    line.tether.service(line.world.clock.monotonic())
    assert not line.tether.alive
    line.world.time += 6

    assert line.tether.goodbye(b"bye x\n")
    assert second.sent.endswith(b"bye x\n")


def test_of_many_lines_at_once_none_is_taken() -> None:
    fake = stream()
    line = Line(fake)
    line.tether.facts()
    fake.events.append(Output(Channel.STDOUT, b"\n" * 65537))

    line.tether.service(line.world.clock.monotonic())

    assert fake.closed
    line.tether.close()


def test_of_a_line_without_an_end_no_more_is_kept_than_a_line_may_have() -> None:
    fake = stream()
    line = Line(fake)
    line.tether.facts()
    for _ in range(100):
        if not fake.closed:
            fake.events.append(Output(Channel.STDOUT, b"x" * 8192))
            line.tether.service(line.world.clock.monotonic())

    assert fake.closed
    assert len(line.tether._unread) <= 65536
    line.tether.close()


class Closing(FakeStream):
    """Once `gone` is set, whoever sends learns that nobody is there any more."""

    gone = False

    def flush(self) -> None:
        if self.gone:
            raise ConnectionLost("reset by peer")

    def send(self, data: bytes | memoryview[int]) -> None:
        self.flush()
        super().send(data)


@pytest.mark.parametrize("act", ["service", "goodbye"])
def test_what_the_holder_has_said_is_read_before_anything_is_sent_to_where_it_was(act: str) -> None:
    """A client that was stopped for a while finds both: the end of its tether, and a connection that is closed."""
    fake = Closing([Output(Channel.STDOUT, f"{OPEN}\n".encode())], echo=True)
    line = Line(fake, *[ContainerNotRunning("container not found")] * 20)
    line.tether.facts()
    fake.gone = True
    fake.events.append(Exit(140))

    if act == "service":
        line.tether.service(60.0)
    else:
        assert not line.tether.goodbye(b"bye x\n")

    assert line.tether.lapsed is False
    line.tether.close()
