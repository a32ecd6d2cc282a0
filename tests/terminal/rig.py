"""The program on a real terminal, or on whatever descriptors a test gives it, with the far side in our hands."""

from __future__ import annotations

import fcntl
import json
import os
import select
import socket
import struct
import subprocess
import sys
import termios
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

from tests.terminal.fakes import FarSide
from tests.waiting import wait_until

if TYPE_CHECKING:
    import signal
    from collections.abc import Iterator

_ROOT = Path(__file__).parents[2]


class Terminal:
    """A pseudo-terminal; `shown` is all that was written to it."""

    def __init__(self) -> None:
        self.master, self.slave = os.openpty()
        self.resize(80, 24)
        self.shown = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()
        os.close(self.slave)

    def hang_up(self) -> None:
        if self.master >= 0:
            os.close(self.master)
            self.master = -1

    def attributes(self) -> list[Any]:
        return termios.tcgetattr(self.slave)

    @property
    def is_raw(self) -> bool:
        return not self.attributes()[3] & termios.ICANON

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def look(self) -> bytes:
        """Take what there is to see by now."""
        while select.select([self.master], [], [], 0)[0]:
            try:
                self.shown += os.read(self.master, 65536)
            except OSError:  # nobody has the other side open
                break
        return self.shown


@dataclass
class Program:
    process: subprocess.Popen[bytes]
    far: FarSide
    reports: IO[bytes]

    def report(self) -> dict[str, Any]:
        facts = json.loads(self.reports.readline())
        assert isinstance(facts, dict)
        return facts

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)


def process_state(pid: int) -> str:
    """The letter of /proc/PID/stat: R, S, T (stopped), Z ..."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]


@contextmanager
def program(how: str, *, prefix: tuple[str, ...] = (), **files: Any) -> Iterator[Program]:
    """The program of `program.py`; `files` as for Popen; killed at the end if it is still there."""
    ours, theirs = socket.socketpair()
    reads, writes = os.pipe()
    with ours, theirs, os.fdopen(reads, "rb") as reports:
        numbers = (theirs.fileno(), writes)
        argv = [*prefix, sys.executable, "-m", "tests.terminal.program", how, *map(str, numbers)]
        environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
        process = subprocess.Popen(argv, pass_fds=numbers, env=environment, cwd=_ROOT, **files)
        os.close(writes)
        theirs.close()
        try:
            yield Program(process, FarSide(ours), reports)
        finally:
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe:
                    pipe.close()
            process.kill()
            process.wait()


@contextmanager
def on_terminal(terminal: Terminal, how: str = "tty") -> Iterator[Program]:
    """The program as the leader of the terminal's session."""
    slave = terminal.slave
    leader = ("setsid", "--ctty")
    with program(how, prefix=leader, stdin=slave, stdout=slave, stderr=slave) as started:
        yield started


def ended(started: Program, terminal: Terminal, seconds: float = 20) -> int:
    """Its exit code; the terminal is read meanwhile, as an emulator would."""

    def over() -> bool:
        if terminal.master >= 0:
            terminal.look()
        return started.process.poll() is not None

    wait_until(over, seconds)
    if terminal.master >= 0:
        terminal.look()
    assert started.process.returncode is not None
    return started.process.returncode


@contextmanager
def thread(target: Any, *arguments: object) -> Iterator[threading.Thread]:
    """`target` beside the body; joined at the end."""
    running = threading.Thread(target=target, args=arguments, daemon=True)
    running.start()
    try:
        yield running
    finally:
        running.join(20)
        assert not running.is_alive()
