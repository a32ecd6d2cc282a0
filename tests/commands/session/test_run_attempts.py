"""What has begun is never run a second time; what has not is, with the input that was typed for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from kubectl_dshell.commands.session.open import open_session
from kubectl_dshell.domain.stream import Channel, Companion, Event, Exit, Output, Stream
from kubectl_dshell.errors import Forbidden, Unavailable
from kubectl_dshell.remote.exec_script import command_exec, holder_text
from tests.commands.world import (
    APP_ID,
    CLOSED,
    GONE,
    OPEN,
    STEPPED_DOWN,
    Exec,
    FakeStream,
    FakeStreams,
    FakeTerminal,
    World,
    request,
    root_pod,
    running_holder,
)
from tests.domain.runtime.recorded import FOUND_ENDED_BY_CRUN, NO_SUCH_EXEC_OF_CRUN
from tests.pods import Json, pod_json
from tests.waiting import wait_until

each_kind = pytest.mark.parametrize("tty", [True, False], ids=["a terminal", "no terminal"])
OUT = Output(Channel.STDOUT, b"out\n")


class Commands(FakeStreams):
    """Successive commands have these events, each after its mark unless it refuses to begin; then FakeStreams' own."""

    def __init__(self, *events: Sequence[Event]) -> None:
        super().__init__()
        self.events = [list(these) for these in events]
        self.commands: list[FakeStream] = []
        self.asked: list[Exec] = []

    def answer(self, asked: Exec) -> Stream:
        stream = super().answer(asked)
        if asked.mode == "tether":
            return stream
        assert isinstance(stream, FakeStream)
        if self.events:
            stream.events = self.events.pop(0)
        self.asked.append(asked)
        self.commands.append(stream)
        return stream


class Typist(FakeTerminal):
    """Types `text` as soon as there is a command, once; and what was not read, before it."""

    text = b"typed"

    def relay(self, stream: Stream, companion: Companion, *, stdin: bool, tty: bool) -> Exit:
        sent, self.given_back, self.text = self.given_back + self.text, b"", b""
        stream.send(sent)
        return super().relay(stream, companion, stdin=stdin, tty=tty)


def typing(streams: FakeStreams, **changes: Any) -> World:
    world = World(streams=streams, **changes)
    world.terminal = Typist(world.clock)
    return world


def arrived(command: FakeStream) -> bytes:
    """Of the input."""
    return command.sent.removeprefix(holder_text())


@each_kind
@pytest.mark.parametrize("joined", [False, True])
@pytest.mark.parametrize("code", [71, 72, 73])
def test_a_command_that_has_begun_may_end_with_any_code(code: int, *, joined: bool, tty: bool) -> None:
    world = World(streams=(streams := Commands([OUT, Exit(code)])))
    if joined:
        running_holder(world)

    assert open_session(request(tty=tty), world.ports()) == code

    assert len(streams.commands) == 1
    assert len(world.added) == (not joined)


@each_kind
@pytest.mark.parametrize(
    ("pod", "joined", "facts", "added"),
    [
        pytest.param(pod_json, True, GONE, 1, id="the holder was ending"),
        pytest.param(root_pod, False, STEPPED_DOWN, 2, id="the user was another"),
        pytest.param(root_pod, True, STEPPED_DOWN, 1, id="the user of the joined one was another"),
    ],
)
def test_one_that_was_refused_begins_in_another_and_finds_there_what_was_typed(
    pod: Callable[[], Json], facts: str, added: int, *, joined: bool, tty: bool
) -> None:
    streams = Commands()
    world = typing(streams, pod=pod())
    if joined:
        running_holder(world)
    streams.facts = [facts, OPEN]

    assert open_session(request(tty=tty), world.ports()) == 0

    refused, ran = streams.commands
    assert (len(world.added), refused.closed) == (added, True)
    assert streams.asked[0].container != streams.asked[1].container
    assert arrived(ran) == b"typed"
    assert world.terminal.given_back == b""


@each_kind
def test_one_that_the_node_could_not_begin_in_a_debug_container_that_has_ended_begins_in_another(*, tty: bool) -> None:
    class Streams(Commands):
        def answer(self, asked: Exec) -> Stream:
            stream = super().answer(asked)
            if asked.mode != "tether" and asked.container == "dshell-abcde":
                self.commands[-1].close()
                self.commands[-1] = stream = Silent([Exit(None, "cannot exec in a stopped container")])
                self.vanished.add(asked.container)
            return stream

    world = typing(streams := Streams())
    running_holder(world)

    assert open_session(request(tty=tty), world.ports()) == 0

    assert (len(streams.commands), len(world.added)) == (2, 1)
    assert arrived(streams.commands[1]) == b"typed"


def test_one_that_crun_found_ended_begins_in_another() -> None:
    """For CRI-O it is an exec that ran, and ended with a code of its own."""

    class Streams(Commands):
        def answer(self, asked: Exec) -> Stream:
            stream = super().answer(asked)
            if asked.mode != "tether" and asked.container == "dshell-abcde":
                self.commands[-1].close()
                words = Output(Channel.STDERR, f"{FOUND_ENDED_BY_CRUN.text}\n".encode())
                self.commands[-1] = stream = Silent([words, Exit(1, "command terminated")])
            return stream

    world = typing(streams := Streams())
    running_holder(world)

    assert open_session(request(tty=False), world.ports()) == 0

    assert (len(streams.commands), len(world.added)) == (2, 1)
    assert arrived(streams.commands[1]) == b"typed"


@each_kind
def test_what_was_typed_goes_to_the_second_of_two_refusals_too(*, tty: bool) -> None:
    streams = Commands()
    world = typing(streams)
    for name in ("dshell-abcde", "dshell-fghij"):
        running_holder(world, name)
    streams.facts = [GONE, GONE, OPEN]

    assert open_session(request(tty=tty), world.ports()) == 0

    assert [arrived(command) for command in streams.commands][-1:] == [b"typed"]
    assert len(streams.commands) == 3


@each_kind
def test_what_was_typed_for_a_command_that_began_is_given_to_nobody_else(*, tty: bool) -> None:
    streams = Commands([OUT, Exit(73)])
    world = typing(streams)

    open_session(request(tty=tty), world.ports())

    assert (arrived(streams.commands[0]), world.terminal.given_back) == (b"typed", b"")


class Silent(FakeStream):
    """Its command never says that it begins."""

    def await_script(self, *, tty: bool, begins: bool) -> None:
        super().await_script(tty=tty, begins=False)


@each_kind
@pytest.mark.parametrize("code", [0, 1, 126, 130])
def test_an_end_without_the_mark_is_no_refusal_unless_its_code_says_so(code: int, *, tty: bool) -> None:
    """Whatever ended there, it may have run: the goodbye is said by the client, and nothing is started again."""

    class Streams(Commands):
        def answer(self, asked: Exec) -> Stream:
            stream = super().answer(asked)
            if asked.mode == "tether":
                return stream
            self.commands[-1].close()
            self.commands[-1] = Silent([Exit(code)])
            return self.commands[-1]

    world = World(streams=(streams := Streams()))

    assert open_session(request(tty=tty), world.ports()) == code

    assert (len(streams.commands), len(world.added)) == (1, 1)
    assert world.tethers[-1].sent.splitlines()[-1].startswith(b"bye ")


def test_a_command_that_the_node_could_not_run_is_told() -> None:
    world = World(streams=(streams := Commands([Exit(None, "no such file: sh")])), ends=[])

    with pytest.raises(Unavailable, match="no such file: sh"):
        open_session(request(tty=False), world.ports())
    assert len(streams.commands) == 1


@each_kind
def test_one_that_crun_could_not_run_is_told_and_its_code_is_not_passed_on(*, tty: bool) -> None:
    """For CRI-O it is an exec that ran, and ended with 255. A command that has begun may end with it."""

    class Streams(Commands):
        def answer(self, asked: Exec) -> Stream:
            stream = super().answer(asked)
            if asked.mode == "tether":
                return stream
            self.commands[-1].close()
            words = Output(Channel.STDERR, NO_SUCH_EXEC_OF_CRUN.text.encode())
            self.commands[-1] = Silent([*([] if tty else [words]), Exit(255, "command terminated")])
            return self.commands[-1]

    with pytest.raises(Unavailable, match=r"could not run the command in dshell-\w+: its shell could not be started"):
        open_session(request(tty=tty), World(streams=(streams := Streams())).ports())
    assert len(streams.commands) == 1

    assert open_session(request(tty=tty), World(streams=Commands([OUT, Exit(255)])).ports()) == 255


@pytest.mark.parametrize("joined", [False, True])
@pytest.mark.parametrize(("changes", "mode"), [({}, "pipe"), ({"stdin": False}, "run")])
@pytest.mark.parametrize("keep", [0, 1800])
@pytest.mark.parametrize("code", [0, 3, 127])
def test_a_short_command_is_one_exec(
    changes: dict[str, object], mode: str, keep: int, code: int, *, joined: bool
) -> None:
    world = World(streams=(streams := Commands([OUT, Exit(code)])))
    if joined:
        running_holder(world)

    assert open_session(request(tty=False, keep=keep, **changes), world.ports()) == code

    name = "dshell-abcde" if joined else world.added[0]["name"]
    assert world.opened == [(name, [mode, "true"])]
    session = streams.asked[0].argv[6]
    wanted = command_exec(APP_ID, session, ["true"], stdin=mode == "pipe", first=not joined, keep=keep, patient=True)
    assert streams.commands[0].script + streams.commands[0].sent == wanted.text


@pytest.mark.parametrize("keep", [0, 1800])
def test_for_a_command_that_was_killed_the_tether_says_goodbye_and_how_long_to_stay(keep: int) -> None:
    world = World(streams=Commands([OUT, Exit(137)]))

    assert open_session(request(tty=False, keep=keep), world.ports()) == 137

    words = [line.split()[0] for line in world.tethers[0].sent.splitlines()]
    assert words[-2:] == ([b"keep", b"bye"] if keep else [b"beat", b"bye"])
    assert keep or b"keep" not in words


@each_kind
@pytest.mark.parametrize("refusals", [1, 2])
def test_a_root_that_is_open_when_it_is_measured_is_entered_with_another_attempt(refusals: int, *, tty: bool) -> None:
    streams = Commands(*[[Exit(72)] for _ in range(refusals)])
    world = typing(streams, facts=[OPEN])

    assert open_session(request(tty=tty), world.ports()) == 0

    assert len(world.added) == 1
    assert [arrived(command) for command in streams.commands[refusals:]] == [b"typed"]
    assert all(command.closed for command in streams.commands)


@each_kind
@pytest.mark.parametrize("code", [71, 72])
def test_there_are_three_attempts(code: int, *, tty: bool) -> None:
    streams = Commands(*[[Exit(code)] for _ in range(9)])
    world = World(streams=streams, facts=[OPEN])

    with pytest.raises(Forbidden):
        open_session(request(tty=tty), world.ports())

    assert (len(streams.commands), len(world.added)) == (3, 1)
    assert world.tethers[-1].sent.splitlines()[-1].startswith(b"bye ")


@each_kind
def test_a_root_that_is_closed_when_it_is_measured_is_not_tried_again(*, tty: bool) -> None:
    streams = Commands([Exit(72)])
    world = World(streams=streams, facts=[CLOSED])

    with pytest.raises(Forbidden):
        open_session(request(tty=tty), world.ports())

    assert len(streams.commands) == 1


def tied(world: World, companion: Companion) -> Callable[[], bool]:
    def look() -> bool:
        companion.service(world.clock.monotonic())
        return bool(world.tethers)

    return look


class Beginning(FakeTerminal):
    """Looks for tethers before the command begins, and until there is one afterwards."""

    def __init__(self, world: World) -> None:
        super().__init__(world.clock)
        self.world = world
        self.before: list[tuple[str, list[str]]] = []

    def relay(self, stream: Stream, companion: Companion, *, stdin: bool, tty: bool) -> Exit:
        companion.service(self.clock.monotonic())
        self.before = list(self.world.opened)
        list(stream.receive())
        wait_until(tied(self.world, companion), 10)
        return Exit(0)


@pytest.mark.parametrize("command", [(), ("vi",)], ids=["a shell", "a command"])
def test_on_a_terminal_the_tether_connects_once_the_command_has_begun(command: tuple[str, ...]) -> None:
    world = World()
    world.terminal = terminal = Beginning(world)

    assert open_session(request(command=command), world.ports()) == 0

    assert [words[0] for _, words in terminal.before] == ["terminal" if command else "shell"]
    assert world.clock.time < 2


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [({"stdin": False}, 2), ({}, 2), ({"stdin": False, "task": True}, 15)],
    ids=["a command", "with stdin", "in many pods"],
)
def test_a_command_that_takes_long_gets_a_tether(changes: dict[str, object], seconds: float) -> None:
    world = World()

    def session(companion: Companion) -> Exit:
        companion.service(0.0)
        companion.service(seconds - 0.5)
        assert len(world.opened) == 1, "as long as it is short"
        world.time += seconds
        wait_until(tied(world, companion), 10)
        return Exit(0)

    world.terminal.session = session

    assert open_session(request(tty=False, **changes), world.ports()) == 0

    assert b"bye " not in world.tethers[0].sent or "task" not in changes, "in many pods the command alone says it"
    assert world.tethers[0].closed
