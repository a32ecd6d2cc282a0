"""Whether a command has begun is known from its mark, which nobody sees; before it, what was sent is not lost."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

import pytest

from kubectl_dshell.commands.exec.attempt import Attempt
from kubectl_dshell.domain.stream import Channel, Event, Exit, Output
from kubectl_dshell.errors import ConnectionLost
from kubectl_dshell.remote.exec_script import MARK, OWN_SHELL
from tests.commands.world import FakeStream
from tests.domain.runtime.recorded import FOUND_ENDED_BY_CRUN

STREAMS = pytest.mark.parametrize("tty", [False, True], ids=["stderr", "a terminal"])


def marked(tty: bool) -> Channel:
    return Channel.STDOUT if tty else Channel.STDERR


class Batches(FakeStream):
    """Each look at it finds one of `batches`, nothing in between; it can be read as long as it has one."""

    def __init__(self, *batches: Sequence[Event]) -> None:
        super().__init__([])
        self.batches = [*batches]
        self.flushed = self.ended = 0

    def end_input(self) -> None:
        self.ended += 1

    def receive(self) -> list[Event]:
        return list(self.batches.pop(0)) if self.batches else []

    def flush(self) -> None:
        self.flushed += 1


class Beginnings:
    """Counts them."""

    def __init__(self, attempt: Attempt) -> None:
        self.count = 0
        attempt.on_begin = self

    def __call__(self) -> None:
        self.count += 1


def heard(attempt: Attempt) -> list[Event]:
    events: list[Event] = []
    while got := attempt.receive():
        events += got
    return events


def text(events: Sequence[Event], channel: Channel) -> bytes:
    return b"".join(event.data for event in events if isinstance(event, Output) and event.channel is channel)


@pytest.mark.parametrize("noted", [False, True])
@pytest.mark.parametrize("before", [b"", b"a warning\n"])
def test_what_is_said_with_the_mark_is_known_when_the_command_begins(*, before: bytes, noted: bool) -> None:
    whole = before + OWN_SHELL * noted + MARK + b"$ "
    for first in range(len(whole) + 1):
        pieces = [piece for piece in (whole[:first], whole[first:]) if piece]
        stream = Batches(*([Output(Channel.STDOUT, piece)] for piece in pieces), [Exit(0)])
        attempt = Attempt(stream, MARK, tty=True, note=OWN_SHELL)
        known: list[bool] = []
        attempt.on_begin = lambda attempt=attempt, known=known: known.append(attempt.noted)  # type: ignore[misc]
        with closing(attempt):
            events = heard(attempt)

        assert text(events, Channel.STDOUT) == before + b"$ "
        assert all(event.data for event in events if isinstance(event, Output)), "nothing is said of nothing"
        assert known == [noted]


@STREAMS
@pytest.mark.parametrize("before", [b"", b"a warning\n"])
@pytest.mark.parametrize("after", [b"", b"printed\n"])
def test_the_mark_is_taken_out_at_any_place_and_any_split(*, tty: bool, before: bytes, after: bytes) -> None:
    whole = before + MARK + after
    for first in range(len(whole) + 1):
        for second in range(first, len(whole) + 1):
            pieces = [piece for piece in (whole[:first], whole[first:second], whole[second:]) if piece]
            attempt = Attempt(Batches(*([Output(marked(tty), piece)] for piece in pieces), [Exit(0)]), MARK, tty=tty)
            begun = Beginnings(attempt)
            with closing(attempt):
                events = heard(attempt)

            assert text(events, marked(tty)) == before + after
            assert all(event.data for event in events if isinstance(event, Output)), "nothing is said of nothing"
            assert (events[-1], attempt.begun, begun.count) == (Exit(0), True, 1)


@STREAMS
def test_only_the_first_is_a_mark_the_rest_is_the_command_s(*, tty: bool) -> None:
    attempt = Attempt(
        Batches([Output(marked(tty), MARK + b"a" + MARK)], [Output(marked(tty), MARK + b"b")]), MARK, tty=tty
    )
    with closing(attempt):
        assert text(heard(attempt), marked(tty)) == b"a" + MARK + MARK + b"b"


@STREAMS
def test_what_precedes_the_mark_is_no_beginning(*, tty: bool) -> None:
    attempt = Attempt(Batches([Output(marked(tty), b"a warning\n")]), MARK, tty=tty)
    begun = Beginnings(attempt)
    with closing(attempt):
        assert attempt.receive() == [Output(marked(tty), b"a warning\n")]

    assert (attempt.begun, begun.count) == (False, 0)


def test_output_of_the_command_may_be_faster_than_the_mark_on_its_stderr() -> None:
    out, err = Output(Channel.STDOUT, b"1e is " + MARK), Output(Channel.STDERR, MARK + b"oh\n")
    attempt = Attempt(Batches([out], [err], [Exit(0)]), MARK, tty=False)
    begun = Beginnings(attempt)
    with closing(attempt):
        attempt.send(b"typed")
        assert attempt.receive() == [out]
        assert (attempt.begun, begun.count, attempt.unread) == (True, 1, b"")
        assert heard(attempt) == [Output(Channel.STDERR, b"oh\n"), Exit(0)]

    assert begun.count == 1


@STREAMS
@pytest.mark.parametrize("code", [0, 71, 72, 73, 137, None])
def test_who_ends_without_it_has_begun_nothing_and_leaves_the_input_unread(*, tty: bool, code: int | None) -> None:
    attempt = Attempt(stream := Batches([Exit(code)]), MARK, tty=tty)
    begun = Beginnings(attempt)
    with closing(attempt):
        attempt.send(b"typed ")
        attempt.send(b"early")
        assert heard(attempt) == [Exit(code)]

    assert (attempt.begun, begun.count) == (False, 0)
    assert (stream.sent, attempt.unread) == (b"typed early", b"typed early")


@STREAMS
def test_the_input_of_a_command_that_has_begun_is_its_own(*, tty: bool) -> None:
    attempt = Attempt(stream := Batches([Output(marked(tty), MARK)]), MARK, tty=tty)
    with closing(attempt):
        attempt.send(b"early ")
        assert attempt.receive() == []
        attempt.send(b"late")

    assert (attempt.begun, stream.sent, attempt.unread) == (True, b"early late", b"")


def test_what_is_kept_counts_as_not_sent_until_it_need_not_be_kept() -> None:
    """So that nobody reads on while it grows."""
    attempt = Attempt(Batches([Output(Channel.STDERR, MARK)]), MARK, tty=False)
    with closing(attempt):
        attempt.send(b"x" * 1000)
        attempt.send(b"x" * 500)
        assert attempt.backlog == 1500
        attempt.receive()

        assert attempt.backlog == 0


@STREAMS
def test_that_it_has_begun_is_told_before_its_output_is_and_once(*, tty: bool) -> None:
    attempt = Attempt(Batches([Output(marked(tty), MARK + b"$ ")], [Output(Channel.STDOUT, b"more")]), MARK, tty=tty)
    order: list[str] = []
    attempt.on_begin = lambda: order.append("begun")
    with closing(attempt):
        while events := attempt.receive():
            order += ["output"] * len(events)

    assert order == ["begun", "output", "output"]


@STREAMS
def test_whoever_settles_waits_for_the_beginning_and_loses_nothing(*, tty: bool) -> None:
    stream = Batches([], [], [Output(marked(tty), MARK)], [Output(Channel.STDOUT, b"out")], [Exit(3)])
    attempt = Attempt(stream, MARK, tty=tty)
    with closing(attempt):
        attempt.settle()
        assert attempt.begun

        assert heard(attempt) == [Output(Channel.STDOUT, b"out"), Exit(3)]
    assert stream.flushed > 0


@STREAMS
def test_whoever_settles_gets_what_came_with_the_mark(*, tty: bool) -> None:
    attempt = Attempt(Batches([Output(marked(tty), MARK + b"a"), Exit(0)]), MARK, tty=tty)
    with closing(attempt):
        attempt.settle()
        assert attempt.begun

        assert heard(attempt) == [Output(marked(tty), b"a"), Exit(0)]


def test_of_much_input_only_what_fits_into_a_pipe_is_sent_before_it_begins() -> None:
    """containerd never ends an exec that refuses, and leaves more of its input unread."""
    stream, data = Batches([Output(Channel.STDERR, MARK)]), bytes(range(256)) * 1024
    attempt = Attempt(stream, MARK, tty=False)
    with closing(attempt):
        attempt.send(data[:100])
        attempt.send(memoryview(data)[100:])
        attempt.end_input()
        assert (stream.sent, attempt.unread, attempt.backlog) == (data[: 32 * 1024], data, len(data))
        assert stream.ended == 0

        attempt.receive()

        assert (stream.sent, attempt.unread, attempt.backlog) == (data, b"", 0)
        assert stream.ended == 1


@STREAMS
def test_after_the_mark_alone_nothing_is_waited_for(*, tty: bool) -> None:
    """A command that waits for its input says nothing else."""

    class Silent(Batches):
        def keepalive(self, now: float) -> float:
            raise AssertionError(f"waited at {now}, although it has begun")

    attempt = Attempt(Silent([Output(marked(tty), MARK)]), MARK, tty=tty)
    with closing(attempt):
        attempt.settle()

        assert attempt.begun


@STREAMS
def test_whoever_settles_sees_the_end_of_what_did_not_begin(*, tty: bool) -> None:
    attempt = Attempt(Batches([], [Exit(73)]), MARK, tty=tty)
    with closing(attempt):
        attempt.settle()
        assert not attempt.begun

        assert heard(attempt) == [Exit(73)]


@STREAMS
@pytest.mark.parametrize("end", [b"\x1e", b""], ids=["it begins", "it does not"])
def test_a_warning_before_the_mark_settles_nothing(*, tty: bool, end: bytes) -> None:
    """A shell of the debug image may have something to say about its locale, in a message of its own."""
    last: list[Event] = [Output(marked(tty), end)] if end else [Exit(72)]
    attempt = Attempt(Batches([Output(marked(tty), b"a warning\n")], [], last), MARK, tty=tty)
    with closing(attempt):
        attempt.settle()
        assert attempt.begun is bool(end)

        assert heard(attempt) == [Output(marked(tty), b"a warning\n"), *([] if end else last)]


def test_whoever_settles_learns_that_the_connection_is_lost() -> None:
    class Lost(Batches):
        def keepalive(self, now: float) -> float:
            raise ConnectionLost("silence")

    attempt = Attempt(Lost([]), MARK, tty=False)
    with closing(attempt), pytest.raises(ConnectionLost):
        attempt.settle()


def test_settling_once_more_waits_for_nothing() -> None:
    attempt = Attempt(stream := Batches([Output(Channel.STDERR, MARK)], [Exit(0)]), MARK, tty=False)
    with closing(attempt):
        attempt.settle()
        attempt.settle()

        assert heard(attempt) == [Exit(0)]
    assert not stream.batches


@pytest.mark.parametrize(
    ("said", "ended", "shown"),
    [
        (f"{FOUND_ENDED_BY_CRUN.text}\n", True, b""),
        (f"sh: {FOUND_ENDED_BY_CRUN.text}\n", False, f"sh: {FOUND_ENDED_BY_CRUN.text}\n".encode()),
        (f"{FOUND_ENDED_BY_CRUN.text}, twice\n", False, f"{FOUND_ENDED_BY_CRUN.text}, twice\n".encode()),
    ],
)
def test_crun_s_word_for_a_container_that_has_ended_is_kept_from_the_user(said: str, ended: bool, shown: bytes) -> None:
    with closing(Attempt(Batches([Output(Channel.STDERR, said.encode())], [Exit(1)]), MARK, tty=False)) as attempt:
        assert text(heard(attempt), Channel.STDERR) == shown
        assert (attempt.found_ended, attempt.begun) == (ended, False)
    words = Output(Channel.STDERR, MARK + FOUND_ENDED_BY_CRUN.text.encode())
    with closing(Attempt(Batches([words], [Exit(1)]), MARK, tty=False)) as attempt:
        assert text(heard(attempt), Channel.STDERR) == FOUND_ENDED_BY_CRUN.text.encode()
        assert (attempt.found_ended, attempt.begun) == (False, True)
