"""What a copy makes of a session's end, and in which order things become final."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import BinaryIO

import pytest

from kubectl_dshell.commands.cp.cp import CopyIn, CopyOut, copy_in, copy_out
from kubectl_dshell.commands.cp.outcome import explain_copy_failure
from kubectl_dshell.commands.cp.ports import CopyPorts
from kubectl_dshell.domain.access.privilege import Privilege
from kubectl_dshell.domain.cp.copy_spec import RemotePath
from kubectl_dshell.domain.progress import ProgressMeter
from kubectl_dshell.domain.stream import Channel, Companion, Event, Exit, Output, Piped, Stream
from kubectl_dshell.errors import ConnectionLost, DshellError, Forbidden, NotFound, OutputFailed, Truncated, Unavailable
from tests.commands.world import CLOSED, GONE, OPEN, Exec, FakeStream, FakeStreams, World, request, running_holder

ETC = RemotePath(None, "web", "etc", folder=False, contents=False)
CHANGED = "tar: ./a.log: file changed as we read it\n"


@dataclass
class Sides:
    """Our disk, and the other side: what it writes, and how it ends."""

    written: bytes = b"archive"
    end: Exit | DshellError = field(default_factory=lambda: Exit(0))
    said: str = ""
    fails: DshellError | None = None
    refuses: tuple[str, str] | None = None
    words: bytes = b""
    sent: bytes | None = None
    log: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=lambda: ["src"])
    missing: list[str] = field(default_factory=list)

    # Pipes
    def piped(
        self,
        stream: Stream,
        companion: Companion,
        words: bytes,
        sink: Callable[[io.BufferedReader], None],
        source: Callable[[io.BufferedWriter], None] | None = None,
    ) -> Piped:
        self.words = words
        sink(io.BufferedReader(io.BytesIO(self.written)))
        if source:
            out = io.BytesIO()
            source(out)  # type: ignore[arg-type]  # as far as it is used
            self.sent = out.getvalue()
        if isinstance(self.end, DshellError):
            raise self.end
        return Piped(self.end, self.said, self.fails)

    def held(self) -> AbstractContextManager[None]:
        return nullcontext()

    # Disk
    def landing(self, destination: str, sources: Sequence[RemotePath]) -> Sides:
        self.log.append(f"land {destination} {[source.path for source in sources]}")
        return self

    def luggage(self, sources: Sequence[str], refuse: Callable[[str, str], None]) -> Sides:
        self.refuse = refuse
        return self

    def receive(self, source: io.BufferedReader, refuse: Callable[[str, str], None], meter: ProgressMeter) -> None:
        self.log.append(f"receive {source.read().decode()}")
        if self.refuses:
            refuse(*self.refuses)

    def commit(self) -> None:
        self.log.append("commit")

    def discard(self) -> None:
        self.log.append("discard")

    def send(self, out: BinaryIO, stopped: Callable[[], bool], meter: ProgressMeter) -> None:
        if self.refuses:
            self.refuse(*self.refuses)
        out.write(b"stopped" if stopped() else b"whole")


class NoTransfer:
    def expect(self, total: int | None) -> None: ...
    def advance(self, count: int) -> None: ...
    def end(self) -> None: ...


def out(sides: Sides, world: World, *, skip: bool = False) -> int:
    world.ends = [Exit(0)]
    ports = CopyPorts(world.ports(), sides, sides, NoTransfer())
    return copy_out(CopyOut(request(), (ETC,), "here", skip), ports)


def into(sides: Sides, world: World, *, skip: bool = False) -> int:
    ports = CopyPorts(world.ports(), sides, sides, NoTransfer())
    return copy_in(CopyIn(request(), ("src",), ETC, skip), ports)


def test_a_copy_is_committed_when_all_is_well() -> None:
    sides, world = Sides(), World()

    assert out(sides, world) == 0
    assert sides.log == ["land here ['etc']", "receive archive", "commit", "discard"]
    (mode, *words) = next(argv for _, argv in world.opened if argv[0] == "pipe")
    assert (mode, words[:2], words[3:]) == ("pipe", ["sh", "-c"], ["cp"])
    assert sides.words.startswith(b"set -- strict etc\n")


@pytest.mark.parametrize(
    ("sides", "error", "message", "advice"),
    [
        (
            Sides(end=Exit(66), said="/etc: No such file\n"),
            NotFound,
            "web:/etc: No such file",
            "kubectl dshell web -n shop -- ls -la .",
        ),
        (Sides(end=Exit(77), said="/etc: Permission denied\n"), Forbidden, "Permission denied", "--profile general"),
        (Sides(end=Exit(65), said="tar: ./a: Permission denied\n"), Forbidden, "nothing was copied", "--skip-failed"),
        (Sides(end=ConnectionLost("gone")), ConnectionLost, "connection to web lost", ""),
        (Sides(fails=OutputFailed("the disk is full")), OutputFailed, "the disk is full", ""),
        (Sides(end=Exit(65), said="x", fails=OutputFailed("full")), OutputFailed, "full", ""),
        (Sides(fails=Truncated("half")), Truncated, "half", ""),
        (
            Sides(missing=["etc"]),
            Forbidden,
            "cannot copy etc: it was not received; nothing was copied",
            "--skip-failed",
        ),
        (Sides(refuses=("etc/su", "setuid")), Forbidden, "cannot copy etc/su: setuid; nothing was", "--skip-failed"),
    ],
    ids=lambda v: v.said.strip() if isinstance(v, Sides) else None,
)
def test_a_copy_that_fails_is_never_committed(
    sides: Sides, error: type[DshellError], message: str, advice: str
) -> None:
    with pytest.raises(error) as raised:
        out(sides, World())

    assert message in raised.value.message
    assert advice in " ".join(raised.value.advice)
    assert "commit" not in sides.log
    assert sides.log[-1] == "discard"


def test_tar_s_own_failure_is_told_in_its_words() -> None:
    sides, world = Sides(end=Exit(65), said="tar: short read\n", fails=Truncated("half")), World()

    assert out(sides, world) == 1
    assert "error: web: nothing was copied: tar: short read" in world.said
    assert "commit" not in sides.log


@pytest.mark.parametrize(
    ("line", "lacks"),
    [
        ("sh: tar: not found", "tar"),
        (
            "not copied: another user than the app's needs mv -T, which the debug image lacks",
            "mv -T, which another user than the app's needs",
        ),
    ],
)
def test_another_image_is_suggested_for_the_same_copy(line: str, lacks: str) -> None:
    """As the same user: as the app's, it would be refused."""
    asked = request(run_as=(0, 7), privilege=Privilege(cap_add=("DAC_OVERRIDE",)), retry_command="kubectl dshell cp -y")

    with pytest.raises(Unavailable) as raised:
        explain_copy_failure(Piped(Exit(65), line, None), asked, World().ports(), skip=False)

    assert raised.value.message == f"web: nothing was copied: the debug image busybox:1.37 has no {lacks}"
    [advice] = raised.value.advice
    again = "kubectl dshell cp -y --run-as 0:7 --cap-add DAC_OVERRIDE --image busybox:1.37"
    assert advice.endswith(f": {again}")


@pytest.mark.parametrize(
    ("sides", "said"),
    [
        (Sides(end=Exit(65), said=CHANGED), f"web: {CHANGED.strip()}"),
        (Sides(said="tar: ./a: Permission denied\n"), "web: tar: ./a: Permission denied"),
        (Sides(refuses=("etc/su", "setuid")), "skipped etc/su: setuid"),
    ],
    ids=["grown", "left out there", "left out here"],
)
def test_what_is_left_out_is_named(sides: Sides, said: str) -> None:
    world = World()

    assert out(sides, world, skip=True) == 0
    assert said in world.said
    assert "commit" in sides.log


def test_nothing_is_sent_before_the_other_side_is_ready() -> None:
    sides, world = Sides(written=b"ready\n"), World()

    assert into(sides, world) == 0
    assert sides.sent
    assert re.match(rb"set -- etc file \.dshell-[a-z0-9]{8} src\n", sides.words)
    (mode, *words) = next(argv for _, argv in world.opened if argv[0] == "pipe")
    assert (mode, words[3:]) == ("pipe", ["cp"])


@pytest.mark.parametrize(("copy", "wanted"), [(out, False), (into, True)], ids=["out", "in"])
def test_a_server_without_half_close_can_be_copied_from(
    copy: Callable[[Sides, World], int], wanted: bool | None
) -> None:
    """Its words end with an empty line; only an archive ends with its input."""
    seen: list[bool | None] = []

    class Looking(FakeStreams):
        def answer(self, asked: Exec) -> Stream:
            if asked.mode == "pipe":
                seen.append(asked.half_close)
            return super().answer(asked)

    assert copy(Sides(written=b"ready\n"), World(streams=Looking())) == 0
    assert seen == [wanted]


@pytest.mark.parametrize("written", [b"", b"ready\nfailed\n", b"sh: tar: not found\n"])
def test_nothing_more_is_sent_when_it_is_not_wanted(written: bytes) -> None:
    sides = Sides(written=written, end=Exit(77), said="/etc/: Read-only file system\n")

    with pytest.raises(Forbidden, match="web:/etc/: Read-only file system"):
        into(sides, World())
    assert sides.sent
    assert sides.sent.endswith(b"stopped")


@pytest.mark.parametrize("copy", [out, into])
def test_where_no_exec_gets_through_nothing_is_added_or_copied(copy: Callable[[Sides, World], int]) -> None:
    sides, world = Sides(), World()
    world.streams.refusal = Forbidden("an admission policy denied exec")

    with pytest.raises(Forbidden) as caught:
        copy(sides, world)

    assert caught.value.remarks == ("Nothing was added to the pod.",)
    assert (world.added, sides.sent, sides.words) == ([], None, b"")
    assert "commit" not in sides.log


def test_what_failed_here_is_told_first() -> None:
    sides = Sides(
        written=b"ready\n", end=Exit(65), said="the archive ended early\n", fails=NotFound("src: Permission denied")
    )

    with pytest.raises(NotFound, match="src: Permission denied"):
        into(sides, World())


class Refusing(FakeStreams):
    """Its first commands end so, without having begun."""

    def __init__(self, *events: Sequence[Event]) -> None:
        super().__init__()
        self.events = [list(these) for these in events]

    def answer(self, asked: Exec) -> Stream:
        stream = super().answer(asked)
        if asked.mode == "pipe" and self.events:
            assert isinstance(stream, FakeStream)
            stream.events = self.events.pop(0)
        return stream


def pipes(world: World) -> list[str]:
    """The debug containers in which a copy was tried."""
    return [container for container, argv in world.opened if argv[0] == "pipe"]


@pytest.mark.parametrize(
    "facts", [[OPEN], [GONE, OPEN]], ids=["its root opens a moment later", "its holder was ending"]
)
def test_a_copy_out_that_was_refused_is_made_once(facts: list[str]) -> None:
    sides, world = Sides(), World(streams=Refusing(*[[Exit(72)]] * (len(facts) == 1)), facts=[*facts])
    running_holder(world)

    assert out(sides, world) == 0

    assert sides.log == ["land here ['etc']", "receive archive", "commit", "discard"]
    assert len(pipes(world)) == 2
    assert len(world.added) == len(facts) - 1


@pytest.mark.parametrize(
    "facts", [[OPEN], [GONE, OPEN]], ids=["its root opens a moment later", "its holder was ending"]
)
def test_a_copy_in_that_was_refused_is_made_once(facts: list[str]) -> None:
    sides = Sides(written=b"ready\n")
    world = World(streams=Refusing(*[[Exit(72)]] * (len(facts) == 1)), facts=[*facts])
    running_holder(world)

    assert into(sides, world) == 0

    assert sides.sent
    assert len(pipes(world)) == 2
    assert len(world.added) == len(facts) - 1


def test_where_the_root_is_closed_nothing_is_copied() -> None:
    sides, world = Sides(), World(facts=[CLOSED])

    with pytest.raises(Forbidden):
        out(sides, world)

    assert not any(line.startswith(("receive", "commit")) for line in sides.log)


def test_a_warning_of_the_debug_image_s_shell_refuses_no_copy() -> None:
    """It comes before the mark, in a message of its own."""

    class Warned(FakeStream):
        def _prologue(self) -> list[Event]:
            return [Output(Channel.STDERR, b"sh: warning: setlocale\n"), *super()._prologue()]

        def receive(self) -> list[Event]:
            events = super().receive()
            self.events = events[1:]
            return events[:1]

    class Streams(FakeStreams):
        def answer(self, asked: Exec) -> Stream:
            stream = super().answer(asked)
            if asked.mode != "pipe":
                return stream
            stream.close()
            return Warned([])

    sides = Sides()

    assert out(sides, World(streams=Streams())) == 0

    assert sides.log[1:3] == ["receive archive", "commit"]
