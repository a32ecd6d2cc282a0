"""How an exec is opened: its script goes first, once, and is seen by nobody."""

from __future__ import annotations

from contextlib import closing

import pytest

from kubectl_dshell.commands.exec.streams import make_tether, open_exec
from kubectl_dshell.commands.exec.tether import Tether
from kubectl_dshell.domain.pod.container_ref import ContainerRef
from kubectl_dshell.domain.stream import Channel, Event, Exit, Output, Stream, TerminalSize
from kubectl_dshell.errors import ContainerNotRunning, DshellError, Unavailable
from kubectl_dshell.remote.exec_script import (
    MARK,
    ExecScript,
    command_exec,
    program,
    shell_exec,
    shell_of,
    tether_exec,
)
from tests.commands.world import APP_ID, NEW, OPEN, Exec, FakeStream, FakeStreams, World
from tests.pods import TOOLS

PLACE = ContainerRef("shop", "web", "dshell-abcde")
SESSION = "abcdefgh"
SHELL = shell_exec(APP_ID, SESSION, "web/app", TerminalSize(24, 80))


class Refusing(FakeStreams):
    """The first execs fail so; then come `streams`, or what FakeStreams has."""

    def __init__(self, *refusals: DshellError, stream: FakeStream | None = None) -> None:
        super().__init__()
        self.refusals, self.stream = list(refusals), stream
        self.asked: list[Exec] = []

    def answer(self, asked: Exec) -> Stream:
        self.asked.append(asked)
        if self.refusals:
            raise self.refusals.pop(0)
        return self.stream or super().answer(asked)


def said(exec_: ExecScript, *events: Event) -> tuple[FakeStream, list[Event], Exec]:
    """The far side of an exec that says `events`, what is heard of them, and what was asked for."""
    fake = FakeStream(list(events))
    streams = Refusing(stream=fake)
    stream = open_exec(PLACE, exec_, World(streams=streams).ports(), wait=0.0)
    heard = list(stream.receive())
    stream.close()
    return fake, heard, streams.asked[0]


def test_a_shell_on_a_terminal_is_heard_from_the_end_of_its_script_on() -> None:
    fake, heard, asked = said(SHELL, Output(Channel.STDOUT, b"web/app:/ $ "))

    assert heard == [Output(Channel.STDOUT, b"web/app:/ $ ")]
    assert (fake.script, fake.sent, asked.tty) == (SHELL.text, b"", True)


@pytest.mark.parametrize("stdin", [True, False])
def test_without_a_terminal_every_byte_of_the_command_is_heard(*, stdin: bool) -> None:
    command = command_exec(APP_ID, SESSION, ["cat"], stdin=stdin)

    fake, heard, asked = said(command, Output(Channel.STDOUT, b"a" + MARK + b"b"), Exit(0))

    assert heard == [Output(Channel.STDOUT, b"a" + MARK + b"b"), Exit(0)]
    assert (fake.script, fake.sent, asked.tty) == (command.text, b"", False)


def test_one_that_is_just_starting_is_asked_again_and_gets_its_script_once() -> None:
    starting, fake = ContainerNotRunning("container not found"), FakeStream([])
    streams = Refusing(starting, starting, stream=fake)

    stream = open_exec(PLACE, SHELL, World(streams=streams).ports(), wait=2.0)

    assert (len(streams.asked), fake.script) == (3, SHELL.text)
    stream.close()


def test_one_that_does_not_start_is_asked_until_the_time_is_over() -> None:
    streams = Refusing(*[ContainerNotRunning("container not found")] * 1000)
    world = World(streams=streams)

    with pytest.raises(ContainerNotRunning):
        open_exec(PLACE, SHELL, world.ports(), wait=2.0)

    assert 2 < world.time < 4


def tether(world: World, *, first: bool) -> Tether:
    return make_tether(PLACE, APP_ID, SESSION, world.ports(), wait=0.0, first=first)


def test_a_tether_is_not_connected_before_it_is_needed() -> None:
    world = World()
    with closing(tether(world, first=True)) as opened:
        opened.service(100.0)

        assert world.opened == []


def test_into_a_new_debug_container_the_text_of_the_holder_goes_unasked() -> None:
    world = World(facts=[NEW])
    opened = tether(world, first=True)

    assert opened.goodbye(b"bye x\n")

    (fake,) = world.tethers
    assert (fake.script, fake.programs) == (tether_exec(APP_ID, SESSION).text, [program()])


@pytest.mark.parametrize(("facts", "programs"), [(OPEN, []), (NEW, [program()])], ids=["it has one", "it has none"])
def test_into_one_that_was_there_it_goes_if_it_has_none(facts: str, programs: list[bytes]) -> None:
    world = World(facts=[facts])
    opened = tether(world, first=False)

    assert opened.goodbye(b"bye x\n")

    assert world.tethers[0].programs == programs


@pytest.mark.parametrize(("facts", "programs"), [(OPEN, []), (NEW, [program()])], ids=["it came", "it did not"])
def test_who_comes_back_brings_it_only_if_it_did_not_arrive(facts: str, programs: list[bytes]) -> None:
    world = World(facts=[NEW, facts])
    opened = tether(world, first=True)
    opened.facts()
    world.tethers[0].events.append(Exit(137))
    opened.service(world.clock.monotonic())
    world.time += 6

    assert opened.goodbye(b"bye x\n")

    assert [fake.programs for fake in world.tethers] == [[program()], programs]


def test_whose_first_attempt_failed_brings_it_with_the_next() -> None:
    """The holder would never be: nothing would end what is left behind, or keep its limit."""
    streams = Refusing(Unavailable("away"))
    streams.facts = [NEW]
    world = World(streams=streams)
    with closing(tether(world, first=True)) as opened:
        with pytest.raises(Unavailable):
            opened.facts()
        world.time += 6

        assert opened.facts().holder_alive

    assert [fake.programs for fake in world.tethers] == [[program()]]


def test_into_one_of_the_app_s_image_goes_the_text_with_the_prelude_for_the_borrowed_shell() -> None:
    world, shell = World(facts=[NEW]), shell_of(TOOLS)
    opened = make_tether(PLACE, APP_ID, SESSION, world.ports(), wait=0.0, first=False, shell=shell)

    assert opened.goodbye(b"bye x\n")

    (fake,) = world.tethers
    assert fake.script == tether_exec(APP_ID, SESSION, shell=shell).text
    assert fake.programs == [program(shell)]
    assert shell.prelude.encode() in fake.programs[0]


@pytest.mark.parametrize("lend", [True, False])
def test_whether_tools_can_be_lent_is_asked_of_each_connection(*, lend: bool) -> None:
    world = World()
    opened = make_tether(PLACE, APP_ID, SESSION, world.ports(), wait=0.0, first=True, lend=lend)
    opened.facts()
    world.tethers[0].events.append(Exit(137))
    opened.service(world.clock.monotonic())
    world.time += 6

    assert opened.goodbye(b"bye x\n")

    assert [words for _, words in world.opened] == [["tether", "lend"] if lend else ["tether"]] * 2
