"""Who does not read, here or in the pod, stops who writes at the other end; what is between them stays in bounds."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Callable, Iterator
from threading import Event

import pytest

from kubectl_dshell.domain.stream import Exit
from kubectl_dshell.terminal.relay import relay
from kubectl_dshell.terminal.signals import Signals
from kubectl_dshell.terminal.stdio_fds import StdioFds
from tests.kube.loopback import SECONDS, Peer, Server
from tests.kube.rig import MEGABYTE, SUCCESS, open_stream
from tests.terminal.fakes import FakeCompanion
from tests.terminal.rig import thread
from tests.waiting import wait_until

MOST = 5 * MEGABYTE
"""Of memory, for what the client holds."""
ALL = 64 * MEGABYTE
"""More than the kernel's buffers and MOST."""
PIECE = os.urandom(32 * 1024)


class Pipes:
    """Stdin and stdout of a client, whose other ends are `typing` and `reading`."""

    def __init__(self) -> None:
        self.stdin, self.typing = os.pipe()
        self.reading, self.stdout = os.pipe()

    def close(self) -> None:
        for number in (self.stdin, self.typing, self.reading, self.stdout):
            os.close(number)


@pytest.fixture
def pipes() -> Iterator[Pipes]:
    made = Pipes()
    yield made
    made.close()


@pytest.fixture
def memory() -> Iterator[Callable[[], int]]:
    """What Python has allocated since."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    yield lambda: tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()


class Counting(FakeCompanion):
    """A tether by which the turns of the relay are counted."""

    def goes_round(self) -> None:
        """Wait for some more turns, in each of which there would be time to read more."""
        before = len(self.calls)
        wait_until(lambda: len(self.calls) > before + 10)


def test_output_that_nobody_reads_is_not_taken_from_the_server(pipes: Pipes, memory: Callable[[], int]) -> None:
    sent, held = 0, []
    stopped = Event()

    def script(peer: Peer) -> None:
        nonlocal sent
        peer.accept()
        while sent < ALL:
            peer.send(b"\x01" + PIECE)
            sent += len(PIECE)
        peer.send(SUCCESS)
        peer.sock.recv(1)

    server = Server(script)
    stream, companion = open_stream(server), Counting()
    idle = stream.idle

    def told(now: float) -> float:
        stopped.set()
        return idle(now)

    stream.idle = told  # type: ignore[method-assign]  # called while it is not read

    def reader() -> None:
        if stopped.wait(SECONDS):
            companion.goes_round()
        held.append((memory(), sent))
        taken = 0
        while taken < ALL:
            taken += len(os.read(pipes.reading, MEGABYTE))

    with Signals() as signals, thread(reader):
        assert relay(stream, StdioFds(None, pipes.stdout, 2), companion, signals) == Exit(0)
    stream.close()
    server.finish()
    assert held[0][0] < MOST
    assert held[0][1] < ALL, "the server was not held back"


def test_input_that_the_command_does_not_read_is_not_taken_from_stdin(pipes: Pipes, memory: Callable[[], int]) -> None:
    typed, held = 0, []
    reads = Event()

    def script(peer: Peer) -> None:
        peer.accept()
        assert reads.wait(SECONDS)
        got = 0
        while (message := peer.receive()[1]) != b"\xff\x00":
            got += len(message) - 1
        assert got == ALL
        peer.send(SUCCESS)
        peer.sock.recv(1)

    def typist() -> None:
        nonlocal typed
        while typed < ALL:
            typed += os.write(pipes.typing, PIECE)
        os.close(pipes.typing)
        pipes.typing = os.open(os.devnull, os.O_RDONLY)

    server = Server(script)
    stream, companion = open_stream(server), Counting()

    def watch() -> None:
        wait_until(lambda: stream.backlog > 0)
        before = -1
        while typed != before:
            before = typed
            companion.goes_round()
        held.append((memory(), typed))
        reads.set()

    with Signals() as signals, thread(typist), thread(watch):
        assert relay(stream, StdioFds(pipes.stdin, pipes.stdout, 2), companion, signals) == Exit(0)
    stream.close()
    server.finish()
    assert held[0][0] < MOST
    assert held[0][1] < ALL, "stdin was read to its end"
