from __future__ import annotations

import threading

import pytest

from kubectl_dshell.commands.pending import Pending


def test_a_call_runs_while_something_else_is_done() -> None:
    went_on, was_asked = threading.Event(), threading.Event()

    def call() -> int:
        was_asked.set()
        assert went_on.wait(10)
        return 42

    pending = Pending(call)
    assert was_asked.wait(10)
    went_on.set()

    assert pending.result() == 42


def test_what_it_raises_is_raised_where_the_result_is_wanted() -> None:
    def call() -> int:
        raise KeyError("gone")

    pending = Pending(call)

    with pytest.raises(KeyError, match="gone"):
        pending.result()


def test_without_a_thread_it_is_made_when_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    calls = []
    pending = Pending(lambda: calls.append("made"))
    assert calls == []

    pending.result()

    assert calls == ["made"]
