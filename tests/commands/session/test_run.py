"""What is said to the holder, and in which order, when a session does not end by itself."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from kubectl_dshell.commands.request import AttachRequest
from kubectl_dshell.commands.session.attach import attach
from kubectl_dshell.commands.session.open import open_session
from kubectl_dshell.domain.stream import Channel, Companion, Event, Exit, Output, Stream
from kubectl_dshell.errors import ConnectionLost, DshellError, Interrupted, Unavailable
from kubectl_dshell.remote.exec_script import holder_text, program
from tests.commands.world import (
    NEW,
    OPEN,
    STEPPED_DOWN,
    Exec,
    FakeCluster,
    FakeStream,
    FakeStreams,
    World,
    request,
    running_holder,
)
from tests.pods import Json
from tests.waiting import wait_until


class Command(FakeStream):
    """Ends as soon as the holder has heard a goodbye."""

    def __init__(self, tethers: list[FakeStream]) -> None:
        super().__init__([])
        self._tethers = tethers
        self.heard = b""

    def receive(self) -> list[Event]:
        self.heard = b"".join(tether.sent for tether in self._tethers)
        return [*super().receive(), *([Exit(137)] if b"bye " in self.heard else [])]


class Streams(FakeStreams):
    def __init__(self) -> None:
        super().__init__()
        self.command = Command(self.tethers)

    def answer(self, asked: Exec) -> Stream:
        return super().answer(asked) if asked.mode == "tether" else self.command


def left_by(error: BaseException, streams: FakeStreams, *, tty: bool) -> World:
    """Its session ends so; that of a terminal has a tether by then."""
    world = World(streams=streams)

    def session(companion: Companion) -> Exit:
        def is_tied() -> bool:
            companion.service(0.0)
            return any(tether.sent for tether in world.tethers)

        if tty:
            wait_until(is_tied, 10)
        raise error

    world.terminal.session = session
    return world


each_kind = pytest.mark.parametrize("tty", [True, False], ids=["a terminal", "no terminal"])


@each_kind
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_who_is_stopped_says_goodbye_and_sees_the_command_end_before_its_input_does(
    number: signal.Signals, *, tty: bool
) -> None:
    streams = Streams()
    world = left_by(Interrupted(number), streams, tty=tty)

    with pytest.raises(Interrupted):
        open_session(request(tty=tty), world.ports())

    assert b"bye " in streams.command.heard


@each_kind
def test_who_lost_the_connection_says_no_goodbye_and_may_come_back(*, tty: bool) -> None:
    world = left_by(ConnectionLost("reset by peer"), Streams(), tty=tty)

    with pytest.raises(ConnectionLost, match=r"web lost .reset by peer.; the debug container keeps running") as raised:
        open_session(request(tty=tty), world.ports())

    assert raised.value.advice == ("Reattach with: kubectl dshell attach web/dshell-00000 -n shop",)
    assert [[line.split()[0] for line in tether.sent.splitlines()] for tether in world.tethers] == [[b"beat"]] * tty
    assert all(tether.closed for tether in world.tethers)


def test_who_makes_a_debug_container_brings_the_text_of_its_holder_with_the_tether_of_a_terminal() -> None:
    world = World(facts=[NEW])

    assert open_session(request(), world.ports()) == 0

    assert [tether.programs for tether in world.tethers] == [[program()]]


@pytest.mark.parametrize(("facts", "programs"), [(OPEN, []), (NEW, [program()])])
def test_who_joins_one_brings_it_only_where_it_is_missing(facts: str, programs: list[bytes]) -> None:
    world = World(facts=[facts])
    running_holder(world)

    assert open_session(request(), world.ports()) == 0

    assert (world.added, [tether.programs for tether in world.tethers]) == ([], [programs])


class Task(FakeStreams):
    """Its command ends with `code`."""

    def __init__(self, code: int) -> None:
        super().__init__()
        self.command, self.asked = FakeStream([Exit(code)]), list[Exec]()

    def answer(self, asked: Exec) -> Stream:
        self.asked.append(asked)
        return super().answer(asked) if asked.mode == "tether" else self.command


@pytest.mark.parametrize(
    ("changes", "mode"),
    [
        pytest.param({"task": True, "stdin": False}, "run", id="in many pods"),
        pytest.param({"stdin": False}, "run", id="in one"),
        pytest.param({}, "pipe", id="with stdin"),
    ],
)
@pytest.mark.parametrize(("code", "facts", "programs"), [(0, OPEN, []), (137, OPEN, [[]]), (137, NEW, [[program()]])])
def test_without_a_terminal_the_command_brings_it_and_its_tether_only_if_it_did_not_arrive(
    changes: dict[str, object], mode: str, code: int, facts: str, programs: list[list[bytes]]
) -> None:
    streams = Task(code)
    streams.facts = [facts]
    world = World(streams=streams, ends=[Exit(code)])

    assert open_session(request(tty=False, **changes), world.ports()) == code

    assert (streams.asked[0].mode, streams.command.sent) == (mode, holder_text())
    assert [tether.programs for tether in world.tethers] == programs


@pytest.mark.parametrize(
    ("changes", "mode", "half_close"),
    [
        pytest.param({"tty": False, "stdin": False}, "run", False, id="no stdin, so no end of it"),
        pytest.param({"tty": False}, "pipe", None, id="stdin"),
        pytest.param({"tty": False, "half_close": False}, "pipe", False, id="stdin that ends by a word"),
        pytest.param({"tty": True}, "terminal", None, id="a terminal"),
    ],
)
def test_the_end_of_stdin_has_to_arrive_only_if_there_is_stdin(
    changes: dict[str, object], mode: str, *, half_close: bool | None
) -> None:
    streams = Task(0)

    open_session(request(**changes), World(streams=streams).ports())

    (command,) = (asked for asked in streams.asked if asked.mode != "tether")
    assert (command.mode, command.half_close, command.tty) == (mode, half_close, mode == "terminal")


def failing(world: World, **changes: object) -> DshellError:
    with pytest.raises(DshellError) as caught:
        open_session(request(**changes), world.ports())
    return caught.value


class NoExec(FakeStreams):
    """It has let the exec through that was asked about, and no other: a policy that is new, a proxy that is moody."""

    def answer(self, asked: Exec) -> Stream:
        del asked
        raise Unavailable("no stream", "way out")


def starting_holder() -> World:
    """A debug container that is there, and begins to run once it is waited for."""

    class Kubelet(FakeCluster):
        def pod_changes(self, namespace: str, name: str, resource_version: str, deadline: float) -> Iterator[Json]:
            self.pod["status"]["ephemeralContainerStatuses"][0]["state"] = {"running": {}}
            yield self.pod

    world = World(streams=NoExec(), cluster=Kubelet())
    running_holder(world)
    world.pod["status"]["ephemeralContainerStatuses"][0]["state"] = {"waiting": {}}
    return world


def test_what_was_there_before_is_not_said_to_have_been_added() -> None:
    """Nor that it ends soon: others may be in it."""
    joined, attached = starting_holder(), starting_holder()
    words = {"namespace": "shop", "word": None, "pod": "web", "name": "dshell-abcde", "container": None}

    error = failing(joined, name="dshell-abcde")
    with pytest.raises(Unavailable) as caught:
        attach(
            AttachRequest(**words, command=("true",), stdin=True, tty=False, keep=0, timeout=60, retry_command=""),  # type: ignore[arg-type]  # a table
            attached.ports(),
        )

    assert joined.added == attached.added == []
    assert error.remarks == caught.value.remarks == ("way out",)


@pytest.mark.parametrize("joined", [True, False])
def test_one_whose_session_never_began_is_not_asked_to_stay(*, joined: bool) -> None:
    """It is said to end within 50 s, whatever --keep asks for."""

    class OnlyTethers(FakeStreams):
        def answer(self, asked: Exec) -> Stream:
            if asked.mode == "tether":
                return super().answer(asked)
            raise Unavailable("no stream")

    world = World(streams=OnlyTethers(), ends=[Exit(0)])
    if joined:
        running_holder(world)

    failing(world, keep=1800)

    words = [line.split()[0] for tether in world.tethers for line in tether.sent.splitlines()]
    assert b"keep" not in words
    assert b"bye" in words


class LetIn(FakeStreams):
    """The app changes its user: its root is closed to the tether, and was open to the command a moment before."""

    def answer(self, asked: Exec) -> Stream:
        if asked.mode in {"tether", "outside"}:
            return super().answer(asked)
        return FakeStream([Output(Channel.STDOUT, b"ran\n")])


def test_a_command_that_was_let_in_is_not_run_again_as_another_user() -> None:
    streams = LetIn()
    streams.facts = [STEPPED_DOWN]
    world = World(streams=streams, ends=[Exit(0)])

    assert open_session(request(), world.ports()) == 0

    assert len(world.added) == 1
