"""That a pod is being stopped is said once, beside the session, and costs the session nothing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from kubectl_dshell.commands.exec.termination_notice import TerminationNotice
from tests.commands.world import World

if TYPE_CHECKING:
    import pytest

SECONDS = 20


def test_it_is_said_once() -> None:
    world, before = World(), set(threading.enumerate())
    leaving = TerminationNotice("shop", "web", world.ports())

    leaving.say()
    leaving.say()

    for thread in set(threading.enumerate()) - before:
        thread.join(SECONDS)
    assert world.said == ["pod web is being stopped: this session ends with the app"]


def test_without_a_thread_to_be_had_the_session_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(_self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    world = World()
    monkeypatch.setattr(threading.Thread, "start", none_left)

    TerminationNotice("shop", "web", world.ports()).say()

    assert world.said == []
