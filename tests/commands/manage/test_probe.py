"""Holders are asked many at a time, and told of in the order they were given."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from kubectl_dshell.commands.manage.probe import ask_holder, probe
from kubectl_dshell.commands.parallel import Stop
from kubectl_dshell.domain.debug_container.status import DebugContainer, HolderReport, debug_containers
from kubectl_dshell.domain.pod.pod import Phase, parse_pod
from kubectl_dshell.domain.stream import Channel, Event, Exit, Output, Stream
from kubectl_dshell.errors import PermissionDenied
from tests.commands.world import Exec, FakeStream, FakeStreams, World, running_holder
from tests.domain.runtime.recorded import NO_SUCH_EXEC, NO_SUCH_EXEC_OF_CRUN
from tests.pods import TOOLS


class Crowd(FakeStreams):
    """Counts how many are asked at once; the first takes longest to answer."""

    most = now_open = 0
    lock = threading.Lock()

    def answer(self, asked: Exec) -> Stream:
        with self.lock:
            self.now_open += 1
            self.most = max(self.most, self.now_open)
        time.sleep(0.2 if asked.container == "dshell-00000" else 0.01)
        with self.lock:
            self.now_open -= 1
        return super().answer(asked)


def one(world: World) -> DebugContainer:
    running_holder(world)
    [container] = debug_containers(parse_pod(world.pod))
    return container


def test_one_of_the_app_s_image_is_asked_by_the_shell_that_it_borrows() -> None:
    asked = list[Exec]()

    class Streams(FakeStreams):
        def answer(self, one: Exec) -> Stream:
            asked.append(one)
            return super().answer(one)

    world = World(streams=Streams())
    container = replace(one(world), tools=TOOLS)

    [answered] = probe([container], world.ports())

    assert answered.live is not None
    assert [(ask.mode, ask.argv[: len(TOOLS.shell_words)]) for ask in asked] == [("state", TOOLS.shell_words)]


def test_what_the_holder_says_is_filled_in_and_it_hears_no_word() -> None:
    world = World()
    container = one(world)

    [answered] = probe([container], world.ports())

    assert answered == replace(container, live=HolderReport(clients=1, silent=3, kept=0, left=28700))
    assert world.opened == [("dshell-abcde", ["state"])]


def test_the_order_stays_whoever_answers_first_and_only_so_many_are_asked_at_once() -> None:
    crowd = Crowd()
    world = World(streams=crowd)
    container = one(world)
    asked = [replace(container, name=f"dshell-{n:05d}") for n in range(30)]

    answered = list(probe(asked, world.ports(), concurrency=4))

    assert [s.name for s in answered] == [s.name for s in asked]
    assert all(s.live for s in answered)
    assert 1 < crowd.most <= 4


def test_what_has_no_holder_that_could_answer_is_passed_on_unasked() -> None:
    world = World()
    container = one(world)
    others = [replace(container, ours=False), replace(container, phase=Phase.TERMINATED)]

    assert list(probe(others, world.ports())) == others
    assert world.opened == []


def test_answers_come_while_the_list_is_still_being_read() -> None:
    world = World()
    container = one(world)

    def endless() -> Iterator[DebugContainer]:
        while True:
            yield container

    answers = probe(endless(), world.ports(), concurrency=2)

    assert next(answers).live == next(answers).live != None  # noqa: E711  # both answered
    answers.close()  # type: ignore[attr-defined]  # a generator


def test_no_right_or_no_such_container_is_as_if_not_asked() -> None:
    class Refusing(FakeStreams):
        def answer(self, asked: Exec) -> Stream:
            raise PermissionDenied("ada", "create", "pods/exec", "shop")

    world = World(streams=Refusing())
    container = one(world)

    assert list(probe([container], world.ports())) == [container]


@pytest.mark.parametrize(("state", "lost"), [("dshell-state holder=gone", True), ("dshell-state holder=none", False)])
def test_a_holder_that_is_gone_is_told_from_one_that_does_not_say(state: str, lost: bool) -> None:
    world = World(state=state)
    container = one(world)

    [answered] = probe([container], world.ports())

    assert (answered.live, answered.lost) == (None, lost)


@pytest.mark.parametrize(
    "ends",
    [
        pytest.param([Exit(None, NO_SUCH_EXEC[0].short)], id=NO_SUCH_EXEC[0].by),
        pytest.param(
            [Output(Channel.STDERR, NO_SUCH_EXEC_OF_CRUN.text.encode()), Exit(255, "command terminated")],
            id=NO_SUCH_EXEC_OF_CRUN.by,
        ),
    ],
)
def test_where_there_is_no_shell_to_ask_with_nothing_is_known(ends: list[Event]) -> None:
    """A shell that is borrowed is gone with its lender. That is no sign that the holder is."""

    class Shellless(FakeStreams):
        def answer(self, asked: Exec) -> Stream:
            return FakeStream(ends)

    world = World(streams=Shellless())
    container = one(world)

    assert list(probe([container], world.ports())) == [container]


def test_one_that_says_nothing_is_given_up_and_let_go_of() -> None:
    stream = FakeStream([Output(Channel.STDERR, b"dshell-state")])

    class Silent(FakeStreams):
        def answer(self, asked: Exec) -> Stream:
            return stream

    world = World(streams=Silent())
    container = one(world)

    assert list(probe([container], world.ports())) == [container]
    assert stream.closed


def test_told_to_stop_it_waits_no_longer() -> None:
    stop = Stop()
    stop.set()
    world = World()
    container = one(world)

    assert ask_holder(container, world.ports(), stop) == container
    stop.close()
