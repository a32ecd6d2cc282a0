"""Command and tether in one exec."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_dshell.commands.task import Sieve, Task
from kubectl_dshell.domain.stream import Channel, Event, Exit, Output
from kubectl_dshell.errors import ConnectionLost
from tests.commands.world import OPEN, FakeStream

MARK = "dshell-xyzdshell-abc"
OUT, ERR = Channel.STDOUT, Channel.STDERR
FACTS = f"{MARK} {OPEN}\n".encode()


def sifted(pieces: list[bytes]) -> tuple[bytes, list[bytes]]:
    sieve = Sieve(MARK.encode())
    found = [one for piece in pieces for one in sieve.feed(piece)]
    return b"".join(data for ours, data in found if not ours) + sieve.flush(), [data for ours, data in found if ours]


@given(
    st.lists(st.one_of(st.binary(max_size=5), st.sampled_from([b"dshell-", b"dshell-xyz", b"d", b"\n"])), max_size=8),
    st.integers(1, 7),
)
def test_our_lines_are_found_wherever_they_begin_and_however_they_arrive(output: list[bytes], size: int) -> None:
    whole = FACTS + b"".join(output) + f"{MARK} exit 3\n".encode() + f"{MARK} bye a\n".encode()
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]

    assert sifted(pieces) == (b"".join(output), [OPEN.encode(), b"exit 3", b"bye a"])


def test_nothing_is_kept_back_that_cannot_become_a_line_of_ours() -> None:
    sieve = Sieve(MARK.encode())

    assert list(sieve.feed(b"no lines")) == [(False, b"no lines")]
    assert list(sieve.feed(b" dshell-")) == [(False, b" ")]
    assert list(sieve.feed(b"x")) == []
    assert list(sieve.feed(b"?")) == [(False, b"dshell-x?")]


class Two:
    """A task with what its exec gives, and the streams of tethers that had to be opened beside it."""

    def __init__(self, *events: Event) -> None:
        self.stream = FakeStream(list(events))
        self.real: list[FakeStream] = []
        self.refusal: ConnectionLost | None = None
        self.task = Task(self.stream, MARK, self._open)
        self.command, self.words = self.task.command, self.task.words

    def _open(self) -> FakeStream:
        if self.refusal:
            raise self.refusal
        self.real.append(FakeStream([Output(OUT, f"{OPEN}\n".encode())], echo=True))
        return self.real[-1]

    def close(self) -> None:
        self.command.close()
        self.words.close()
        for stream in (self.stream, *self.real):
            assert stream.closed


OVER = (Output(ERR, f"{MARK}\n".encode()), Output(OUT, f"{MARK} exit 3\n".encode()))


def test_each_half_gets_what_is_its_own() -> None:
    two = Two(Output(OUT, FACTS + b"data"), Output(ERR, b"oops"), *OVER)

    assert two.words.receive() == [Output(OUT, f"{OPEN}\n".encode())]
    assert two.command.receive() == [Output(OUT, b"data"), Output(ERR, b"oops"), Exit(3)]
    two.words.send(b"bye a\n")
    two.stream.events.append(Output(OUT, f"{MARK} bye a\n".encode()))

    assert two.stream.sent == b"bye a\n"
    assert two.words.receive() == [Output(OUT, b"bye a\n")]
    assert two.real == []
    two.close()


@pytest.mark.parametrize("first", [0, 1])
def test_the_end_is_told_when_both_outputs_are_over(first: int) -> None:
    two = Two(OVER[first])

    assert two.command.receive() == []
    two.stream.events.append(OVER[1 - first])
    assert two.command.receive() == [Exit(3)]
    two.close()


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ([Exit(137)], [Exit(137)]),
        ([Output(OUT, b"half dshell-"), Exit(None, "gone")], [Output(OUT, b"half "), Output(OUT, b"dshell-"), Exit(None, "gone")]),
        ([OVER[1], Exit(137)], [Exit(3)]),
    ],
    ids=["at once", "in the middle", "behind the command's own end"],
)  # fmt: skip
def test_the_end_of_the_exec_is_the_end_of_both(events: list[Event], told: list[Event]) -> None:
    two = Two(*events)

    assert two.command.receive() == told
    assert two.words.receive() == [events[-1]]
    two.close()


def test_a_lost_connection_is_told_to_both_after_what_came_before() -> None:
    two = Two(Output(OUT, b"last word"))
    two.words.receive()
    two.stream.close()

    assert two.command.receive() == [Output(OUT, b"last wor"), Output(OUT, b"d")]
    for half in (two.command, two.words):
        with pytest.raises(ConnectionLost):
            half.receive()
    two.close()


def test_the_first_beat_needs_no_word_and_the_second_a_tether() -> None:
    two = Two(Output(OUT, FACTS))
    two.words.receive()

    two.words.send(b"beat a 50\n")
    assert two.words.receive() == [Output(OUT, b"beat a 50\n")]
    assert (two.real, two.stream.sent) == ([], b"")
    two.words.send(b"beat a 50\n")
    two.words.send(b"bye a\n")

    assert two.real[0].sent == b"beat a 50\nbye a\n"
    assert two.stream.sent == b""
    assert two.words.fileno() == two.real[0].fileno()
    two.close()


def test_a_beat_is_never_the_last_word() -> None:
    two = Two(*OVER)
    two.command.receive()

    two.words.send(b"beat a 50\n")
    two.words.send(b"beat a 50\n")

    assert two.stream.sent == b""
    assert two.real[0].sent == b"beat a 50\n"
    two.close()


def test_goodbye_in_the_middle_goes_through_a_tether() -> None:
    two = Two(Output(OUT, FACTS))

    two.words.send(b"bye a\n")

    assert two.real[0].sent == b"bye a\n"
    two.close()


def test_a_tether_that_cannot_be_opened_is_a_lost_one() -> None:
    two = Two()
    two.refusal = ConnectionLost("refused")

    two.words.send(b"bye a\n")

    with pytest.raises(ConnectionLost, match="refused"):
        two.words.receive()
    two.close()


def test_who_does_not_read_is_not_sent_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kubectl_dshell.commands.task._QUEUED", 4)
    two = Two(Output(OUT, b"12345"))
    two.words.receive()
    two.stream.events.append(Output(OUT, b"more"))

    two.words.receive()
    assert two.stream.events == [Output(OUT, b"more")]
    assert two.command.receive() == [Output(OUT, b"12345")]
    assert two.command.receive() == [Output(OUT, b"more")]
    two.close()
