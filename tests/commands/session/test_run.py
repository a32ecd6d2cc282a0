"""What is said to the holder, and in which order, when a session does not end by itself."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import Any

import pytest

from kubectl_dshell.commands.session.open import open_session
from kubectl_dshell.domain.stream import Companion, Event, Exit, Stream
from kubectl_dshell.errors import ConnectionLost, Interrupted
from tests.commands.world import FakeStream, World, request


class Leaving(World):
    """Its session is left by `error`; its command ends as soon as the holder has heard a goodbye."""

    error: BaseException
    heard = b""

    def open(self, namespace: str, pod: str, container: str, argv: Sequence[str], **how: Any) -> Stream:
        if argv[4] == "run":
            return Command(self)
        return super().open(namespace, pod, container, argv, stdin=True, tty=bool(how["tty"]))

    def relay(self, stream: Stream, companion: Companion, *, stdin: bool, tty: bool) -> Exit:
        companion.service(self.monotonic())
        raise self.error


class Command(FakeStream):
    def __init__(self, world: Leaving) -> None:
        super().__init__([])
        self._world = world

    def receive(self) -> list[Event]:
        self._world.heard = self._world.tethers[0].sent
        return [Exit(137)] if b"bye " in self._world.heard else []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_who_is_stopped_says_goodbye_and_sees_the_command_end_before_its_input_does(number: signal.Signals) -> None:
    world = Leaving()
    world.error = Interrupted(number)

    with pytest.raises(Interrupted):
        open_session(request(), world.ports())

    assert b"bye " in world.heard


def test_who_lost_the_connection_says_no_goodbye_and_may_come_back() -> None:
    world = Leaving()
    world.error = ConnectionLost("reset by peer")

    with pytest.raises(ConnectionLost, match=r"web lost .reset by peer.; the debug container stays") as raised:
        open_session(request(), world.ports())

    assert raised.value.advice == ("Come back with: kubectl dshell attach web/dshell-00000 -n shop",)
    assert [line.split()[0] for line in world.tethers[0].sent.splitlines()] == [b"beat"]
    assert world.tethers[0].closed
