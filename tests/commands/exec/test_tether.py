"""The tether keeps its word: beats, goodbyes, a lost connection found again, the limit announced."""

from __future__ import annotations

from collections.abc import Iterator

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
from tests.commands.world import OPEN, FakeStream, World

SESSION = "abcdefgh"


class Line:
    """A tether on a scripted supply of streams."""

    def __init__(self, *streams: FakeStream | DshellError, late: bool = False) -> None:
        self.world = World()
        self.supply: Iterator[FakeStream | DshellError] = iter(streams)
        self.tether = Tether(SESSION, self._connect, self.world.clock, self.world.notices.warn, late=late)

    def _connect(self) -> Stream:
        given = next(self.supply)
        if isinstance(given, DshellError):
            raise given
        return given


def stream(*events: Event, facts: str = OPEN) -> FakeStream:
    return FakeStream([Output(Channel.STDOUT, f"{facts}\n".encode()), *events], echo=True)


def test_a_late_one_connects_when_its_first_beat_is_due() -> None:
    fake = stream()
    line = Line(fake, late=True)

    assert line.tether.service(10.0) == pytest.approx(15.0, abs=0.1)
    assert not line.tether.alive
    line.tether.service(15.1)
    assert line.tether.facts().pid == 7
    line.tether.service(15.2)

    assert fake.sent.startswith(f"beat {SESSION} 50 0\n".encode())
    line.tether.close()


def test_a_late_one_connects_for_its_facts_and_for_its_goodbye() -> None:
    one, other = Line(stream(), late=True), Line(fake := stream(), late=True)

    assert one.tether.facts().pid == 7
    assert other.tether.goodbye(b"bye x\n")

    assert fake.sent.endswith(b"bye x\n")
    one.tether.close()


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


def test_who_has_no_credentials_to_come_back_with_is_told_so_once() -> None:
    first = stream()
    line = Line(first, BadConfig("the plugin failed\nSSO: "), BadConfig("retry_command"))
    line.tether.facts()
    first.events.append(Exit(137))
    for now in (10.0, 20.0, 30.0):
        line.world.time = now
        line.tether.service(now)
        line.tether._pump(lambda: not line.tether._connector.busy, 5)

    told = "the session continues, but will end soon without credentials: the plugin failed SSO:"
    assert [text for text in line.world.said if "credentials" in text] == [told]
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

    with pytest.raises(ConnectionLost, match="whole lease"):
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
    line = Line(fake := stream())
    line.tether.say_leaving = lambda: said.append("leaving")
    line.tether.facts()

    fake.events.append(Output(Channel.STDOUT, b"dshell-leaving\n"))
    line.tether.service(10.0)

    assert said == ["leaving"]
    assert line.tether.registered()
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
