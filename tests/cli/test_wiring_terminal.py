"""What was read from our stdin and not by a command is the next command's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from kubectl_dshell.cli.wiring import StandardTerminal
from kubectl_dshell.kube.auth.user_terminal import UserTerminal
from kubectl_dshell.terminal.signals import Signals
from tests.terminal.fakes import FakeCompanion, FarSide, pair
from tests.terminal.rig import thread

pytestmark = pytest.mark.terminal


@pytest.fixture
def typing() -> Iterator[int]:
    """Where to write what our stdin is to read."""
    before = os.dup(0)
    reading, writing = os.pipe()
    os.dup2(reading, 0)
    os.close(reading)
    yield writing
    os.close(writing)
    os.dup2(before, 0)
    os.close(before)


@contextmanager
def terminal() -> Iterator[StandardTerminal]:
    with Signals() as signals:
        yield StandardTerminal(signals, UserTerminal())


def heard(terminal: StandardTerminal, last: bytes = b"", *, stdin: bool = True) -> list[tuple[str, bytes]]:
    """Every frame that a command gets which ends once it has read `last`."""
    stream, far = pair()
    frames: list[tuple[str, bytes]] = []

    def command() -> None:
        while last not in b"".join(data for letter, data in frames if letter == "i"):
            frames.append(far.next())
        far.exit(0)

    with thread(command):
        end = terminal.relay(stream, FakeCompanion(), stdin=stdin, tty=False)
    stream.close()
    frames += rest(far)
    assert end.code == 0
    return frames


def rest(far: FarSide) -> list[tuple[str, bytes]]:
    frames = []
    while (got := far.next())[0]:
        frames.append(got)
    far.socket.close()
    return frames


def text(frames: list[tuple[str, bytes]]) -> bytes:
    return b"".join(data for letter, data in frames if letter == "i")


def test_it_comes_first_and_before_what_is_typed_now(typing: int) -> None:
    os.write(typing, b"new\n")
    with terminal() as ours:
        ours.give_back(b"old ")
        ours.give_back(b"and ")

        assert text(heard(ours, b"new\n")) == b"old and new\n"


def test_it_comes_once(typing: int) -> None:
    with terminal() as ours:
        ours.give_back(b"old ")
        assert text(heard(ours, b"old ")) == b"old "
        os.write(typing, b"new\n")

        assert text(heard(ours, b"new\n")) == b"new\n"


def test_what_a_second_command_did_not_read_either_is_a_third_s(typing: int) -> None:
    os.write(typing, b"a\n")
    with terminal() as ours:
        ours.give_back(text(heard(ours, b"a\n")))
        ours.give_back(text(heard(ours, b"a\n")))

        assert text(heard(ours, b"a\n")) == b"a\n"


def test_nothing_given_back_is_nothing_sent(typing: int) -> None:
    del typing
    with terminal() as ours:
        ours.give_back(b"")

        assert heard(ours) == []


def test_the_end_of_stdin_follows_it(typing: int) -> None:
    """A second command gets the same end, though somebody else has read up to it before."""
    del typing
    devnull = os.open(os.devnull, os.O_RDONLY)
    os.dup2(devnull, 0)
    os.close(devnull)
    with terminal() as ours:
        ours.give_back(b"all\n")
        stream, far = pair()
        frames: list[tuple[str, bytes]] = []

        def command() -> None:
            while ("e", b"") not in frames:
                frames.append(far.next())
            far.exit(0)

        with thread(command):
            ours.relay(stream, FakeCompanion(), stdin=True, tty=False)
        stream.close()
        far.socket.close()

    assert frames == [("i", b"all\n"), ("e", b"")]
