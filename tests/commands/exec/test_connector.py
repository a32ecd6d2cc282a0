"""An attempt to connect, beside the caller: whatever becomes of it is told, once."""

from __future__ import annotations

import errno
import select
import threading
from typing import TYPE_CHECKING

import pytest

from kubectl_dshell.commands.exec.connector import Connector
from kubectl_dshell.errors import ConnectionLost, TooManyOpenFiles, TooManyThreads
from tests.commands.world import FakeStream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_dshell.domain.stream import Stream

SECONDS = 20


class Attempts:
    """What each attempt ends with, in turn."""

    def __init__(self, *outcomes: Stream | Exception) -> None:
        self._outcomes: Iterator[Stream | Exception] = iter(outcomes)
        self.connector = Connector(self._connect)

    def _connect(self) -> Stream:
        outcome = next(self._outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def next(self) -> object:
        """As a loop that polls it does."""
        self.connector.begin()
        poll = select.poll()
        poll.register(self.connector.fileno(), select.POLLIN)
        assert poll.poll(SECONDS * 1000), "nothing was told"
        return self.connector.take()


def test_what_an_attempt_ends_with_is_taken_once() -> None:
    stream, lost = FakeStream([]), ConnectionLost("gone")
    attempts = Attempts(lost, stream)

    assert attempts.next() is lost
    assert attempts.next() is stream
    assert attempts.connector.take() is None
    assert not attempts.connector.busy
    attempts.connector.close()
    stream.close()


def test_what_ran_out_is_a_failed_attempt_and_the_next_one_may_do_better(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = FakeStream([])
    attempts = Attempts(OSError(errno.EMFILE, "Too many open files"), stream)

    assert isinstance(attempts.next(), TooManyOpenFiles)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", _no_thread)
        assert isinstance(attempts.next(), TooManyThreads)
    assert attempts.next() is stream
    attempts.connector.close()
    stream.close()


def _no_thread(_: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_a_bug_is_raised_where_it_is_waited_for() -> None:
    attempts = Attempts(KeyError("x"))

    with pytest.raises(KeyError):
        attempts.next()

    assert not attempts.connector.busy
    attempts.connector.close()


def test_what_arrives_after_the_end_is_closed() -> None:
    go, stream = threading.Event(), FakeStream([])

    def connect() -> Stream:
        go.wait(SECONDS)
        return stream

    connector = Connector(connect)
    connector.begin()
    (thread,) = (one for one in threading.enumerate() if one.name == "tether")
    connector.close()
    go.set()
    thread.join(SECONDS)

    assert stream.closed
