"""Pipes and files: every byte once, ends told apart, and nobody waits for somebody else."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from kubectl_dshell.domain.stream import Exit, TerminalSize
from kubectl_dshell.errors import ConnectionLost, Interrupted, OutputFailed
from kubectl_dshell.terminal.relay import relay
from kubectl_dshell.terminal.signals import Signals
from kubectl_dshell.terminal.stdio_fds import StdioFds
from kubectl_dshell.terminal.writer import OutputClosed
from tests.terminal.fakes import FakeCompanion, FakeStream, FarSide, pair
from tests.terminal.rig import thread
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


pytestmark = pytest.mark.terminal


class Rig:
    """A relay between pipes; the test has the other ends."""

    def __init__(self) -> None:
        self.stream, self.far = pair()
        self.companion = FakeCompanion()
        self.stdin, self.typing = os.pipe()
        self.reading, self.stdout = os.pipe()
        self.reading_errors, self.stderr = os.pipe()

    def run(self, *, stdin: int | None = -1, stdout: int = -1, stderr: int = -1) -> Exit:
        ends = StdioFds(
            self.stdin if stdin == -1 else stdin,
            self.stdout if stdout < 0 else stdout,
            self.stderr if stderr < 0 else stderr,
        )
        with Signals() as signals:
            return relay(self.stream, ends, self.companion, signals)

    def read_all(self, fd: int) -> bytes:
        os.close(self.stdout)
        os.close(self.stderr)
        self.stdout = self.stderr = -1
        found = b""
        while data := os.read(fd, 1 << 20):
            found += data
        return found


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    made.stream.close()
    made.far.socket.close()
    for fd in (made.stdin, made.typing, made.reading, made.stdout, made.reading_errors, made.stderr):
        if fd >= 0:
            os.close(fd)


def test_output_goes_where_it_belongs_early_and_late_and_the_exit_code_comes_back(rig: Rig) -> None:
    rig.far.write(b"early ")
    rig.far.write(b"warning", "r")
    rig.far.write(b"late\xff\x00")
    rig.far.exit(42)

    assert rig.run() == Exit(42)
    assert os.read(rig.reading_errors, 100) == b"warning"
    assert rig.read_all(rig.reading) == b"early late\xff\x00"


def test_both_outputs_to_one_file_keep_their_order(rig: Rig) -> None:
    pieces = [b"%d\n" % number for number in range(2000)]

    def far_side() -> None:
        for number, piece in enumerate(pieces):
            rig.far.write(piece, "or"[number % 2])
        rig.far.exit(0)

    with thread(far_side):
        assert rig.run(stderr=rig.stdout) == Exit(0)
    assert rig.read_all(rig.reading) == b"".join(pieces)


@pytest.mark.parametrize("content", [b"", b"text\n", os.urandom(300_000)], ids=["empty", "text", "300 kB"])
@pytest.mark.parametrize("kind", ["file", "pipe"])
def test_input_arrives_whole_and_then_its_end(rig: Rig, tmp_path: Path, kind: str, content: bytes) -> None:
    got: list[bytes] = []

    def far_side() -> None:
        while (found := rig.far.next())[0] == "i":
            got.append(found[1])
        rig.far.exit(0 if found[0] == "e" else 1)

    def type_it() -> None:
        with os.fdopen(rig.typing, "wb") as typing:
            typing.write(content)
        rig.typing = -1

    (tmp_path / "input").write_bytes(content)
    with (tmp_path / "input").open("rb") as file, thread(far_side):
        if kind == "file":
            assert rig.run(stdin=file.fileno()) == Exit(0)
        else:
            with thread(type_it):
                assert rig.run() == Exit(0)
    assert b"".join(got) == content


@pytest.mark.parametrize(
    ("stdin", "frames"),
    [pytest.param("/dev/null", [("e", b"")], id="dev-null"), pytest.param(None, [], id="none")],
)
def test_an_input_with_nothing_in_it(rig: Rig, stdin: str | None, frames: list[tuple[str, bytes]]) -> None:
    fd = None if stdin is None else os.open(stdin, os.O_RDONLY)

    def far_side() -> None:
        for expected in frames:
            assert rig.far.next() == expected
        rig.far.exit(0)

    with thread(far_side):
        assert rig.run(stdin=fd) == Exit(0)
    if fd is not None:
        os.close(fd)


def test_input_that_cannot_be_read_is_named(rig: Rig, tmp_path: Path) -> None:
    fd = os.open(tmp_path, os.O_RDONLY)
    with pytest.raises(OutputFailed, match="cannot read from stdin: Is a directory"):
        rig.run(stdin=fd)
    os.close(fd)


def test_a_far_side_that_does_not_read_stops_the_reading_of_input(rig: Rig) -> None:
    def far_side() -> None:
        os.set_blocking(rig.typing, False)
        while _has_room(rig.typing) or _has_room_soon():
            pass
        assert rig.stream.backlog < 400 * 1024
        rig.far.exit(3)

    def _has_room_soon() -> bool:
        calls = len(rig.companion.calls)
        wait_until(lambda: len(rig.companion.calls) > calls + 5)
        return _has_room(rig.typing)

    with thread(far_side):
        assert rig.run() == Exit(3)


def _has_room(fd: int) -> bool:
    try:
        return bool(os.write(fd, b"x" * 65536))
    except BlockingIOError:
        return False


def test_a_paused_reader_of_our_output_stops_neither_the_companion_nor_the_end(rig: Rig) -> None:
    sent, read = 0, 0

    def far_side() -> None:
        nonlocal sent, read
        rig.far.socket.setblocking(False)
        calls = 0
        while len(rig.companion.calls) < calls + 20:
            try:
                # a frame must go out whole: small ones do
                rig.far.write(b"x" * 500)
                sent += 500
                calls = len(rig.companion.calls)
            except BlockingIOError:
                continue
        assert rig.stream.idled
        rig.far.socket.setblocking(True)
        with thread(rig.far.exit, 7):
            while read < sent:
                read += len(os.read(rig.reading, 65536))

    with thread(far_side):
        assert rig.run() == Exit(7)
    assert read == sent > 1024 * 1024


def test_an_exit_waits_until_a_slow_reader_has_everything(rig: Rig) -> None:
    data = os.urandom(1024) * 500
    rig_ended = threading.Event()
    found: list[bytes] = []

    def reader() -> None:
        wait_until(lambda: len(rig.companion.calls) > 20)
        assert not rig_ended.is_set()
        while sum(map(len, found)) < len(data):
            found.append(os.read(rig.reading, 65536))

    def far_side() -> None:
        rig.far.write(data)
        rig.far.exit(0)

    with thread(far_side), thread(reader):
        assert rig.run() == Exit(0)
        rig_ended.set()
    assert b"".join(found) == data


def test_an_interrupt_ends_the_wait_for_a_slow_reader(rig: Rig) -> None:
    def far_side() -> None:
        rig.far.write(b"x" * 300_000)
        rig.far.exit(0)
        wait_until(lambda: len(rig.companion.calls) > 20)
        os.kill(os.getpid(), signal.SIGINT)

    with thread(far_side), pytest.raises(Interrupted):
        rig.run()


def test_a_reader_that_has_gone_ends_it_quietly(rig: Rig) -> None:
    os.close(rig.reading)
    rig.reading = -1
    rig.far.write(b"x")
    with pytest.raises(OutputClosed):
        rig.run()


@pytest.mark.parametrize(
    ("letter", "message"),
    [
        pytest.param("o", "cannot write to stdout: No space left on device", id="stdout"),
        pytest.param("r", "cannot write to stderr: No space left on device", id="stderr"),
    ],
)
def test_a_full_disk_is_named(rig: Rig, letter: str, message: str) -> None:
    rig.far.write(b"x", letter)
    rig.far.exit(0)
    full = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(OutputFailed, match=message):
        rig.run(**{"stdout" if letter == "o" else "stderr": full})
    os.close(full)


def test_output_before_a_lost_connection_is_written_before_it_is_told(rig: Rig) -> None:
    rig.far.write(b"last words")
    rig.far.socket.close()
    with pytest.raises(ConnectionLost):
        rig.run()

    assert rig.read_all(rig.reading) == b"last words"


def test_a_companion_that_fails_ends_it_after_what_was_received(rig: Rig) -> None:
    rig.far.write(b"output")

    def far_side() -> None:
        assert os.read(rig.reading, 100) == b"output"
        rig.companion.error = ConnectionLost("the tether is gone")

    with thread(far_side), pytest.raises(ConnectionLost, match="tether"):
        rig.run()


def test_the_exit_code_of_a_command_that_does_not_read_its_input_is_not_lost(rig: Rig) -> None:
    """The socket is closed for writing while input is still queued; the code is there to be read."""
    for _ in range(120):
        rig.far.write(b"done")
    rig.far.exit(5)
    rig.far.socket.close()
    os.write(rig.typing, b"x" * 60_000)

    assert rig.run() == Exit(5)
    assert rig.read_all(rig.reading) == b"done" * 120


def test_while_nothing_happens_nothing_is_done(rig: Rig) -> None:
    looks = 0

    def far_side() -> None:
        nonlocal looks
        rig.far.write(b"output")
        assert os.read(rig.reading, 100) == b"output"
        os.close(rig.typing)
        rig.typing = -1
        assert rig.far.next() == ("e", b"")
        for number in (signal.SIGWINCH, signal.SIGCONT):
            os.kill(os.getpid(), number)
        calls = len(rig.companion.calls)
        wait_until(lambda: len(rig.companion.calls) > calls + 2)
        looks = rig.stream.looks
        wait_until(lambda: len(rig.companion.calls) > calls + 12)
        looks = rig.stream.looks - looks
        rig.far.exit(0)

    with thread(far_side):
        assert rig.run() == Exit(0)
    assert 10 <= looks <= 100


def test_without_a_companion_it_runs_as_well(rig: Rig) -> None:
    rig.far.exit(0)
    with Signals() as signals:
        assert relay(rig.stream, StdioFds(None, rig.stdout, rig.stderr), None, signals) == Exit(0)


def test_the_fake_streams_sides_speak_to_each_other() -> None:
    stream, far = pair()
    assert (type(stream), type(far)) == (FakeStream, FarSide)
    stream.send(b"a")
    stream.resize(TerminalSize(rows=2, columns=1))
    assert (far.next(), far.next()) == (("i", b"a"), ("s", b"1 2"))
    stream.close()
    far.socket.close()
