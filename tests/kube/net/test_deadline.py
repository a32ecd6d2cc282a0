"""A deadline around work that waits in its own way."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from kubectl_dshell.kube.net.deadline import run_with_deadline

SECONDS = 20


def test_what_is_done_in_time_is_returned_or_raised() -> None:
    def fails() -> int:
        raise KeyError("x")

    assert run_with_deadline(SECONDS, lambda: 7) == 7
    with pytest.raises(KeyError):
        run_with_deadline(SECONDS, fails)


def test_what_comes_too_late_is_handed_on_and_not_waited_for() -> None:
    go, late, handed = threading.Event(), threading.Event(), []

    def work() -> str:
        go.wait(SECONDS)
        return "socket"

    def too_late(outcome: str) -> None:
        handed.append(outcome)
        late.set()

    began = time.monotonic()
    with pytest.raises(TimeoutError):
        run_with_deadline(0.1, work, too_late=too_late)

    assert time.monotonic() - began < SECONDS / 2
    assert handed == []
    go.set()
    assert late.wait(SECONDS)
    assert handed == ["socket"]


def test_a_signal_is_heard_while_it_is_waited_for() -> None:
    """A resolver or a handshake in C would keep it."""
    go, late = threading.Event(), threading.Event()

    def interrupt(_number: int, _frame: object) -> None:
        raise InterruptedError

    def work() -> None:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
        go.wait(SECONDS)

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with pytest.raises(InterruptedError):
            run_with_deadline(SECONDS, work, too_late=lambda _none: late.set())
    finally:
        signal.signal(signal.SIGUSR1, before)
    go.set()
    assert late.wait(SECONDS)


def test_without_a_thread_to_be_had_it_is_done_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(_self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none_left)

    assert run_with_deadline(SECONDS, lambda: 7) == 7
