"""A container of real processes, started by contain.py and known by its cgroups."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubectl_dshell.remote.exec_script import MARK
from tests.waiting import wait_until


@dataclass
class Process:
    """One process of a container as its runtime sees it; `outer` is its parent's Popen."""

    outer: subprocess.Popen[bytes]
    terminal: int = -1
    marks: int = 0
    """How often its stderr had the mark of a beginning (session.sh), once it was read."""

    def say(self, text: bytes) -> None:
        if self.terminal >= 0:
            os.write(self.terminal, text)
        else:
            assert self.outer.stdin
            self.outer.stdin.write(text)
            self.outer.stdin.flush()

    def hear(self, wanted: bytes, seconds: float = 10) -> bytes:
        """What it prints, up to and including `wanted`."""
        handle = self.terminal if self.terminal >= 0 else self._stdout()
        heard, deadline = b"", time.monotonic() + seconds
        os.set_blocking(handle, False)
        while wanted not in heard:
            assert time.monotonic() < deadline, f"{wanted!r} not in {heard!r}"
            try:
                heard += os.read(handle, 65536)
            except BlockingIOError:
                time.sleep(0.005)
            except OSError:
                raise AssertionError(f"ended: {wanted!r} not in {heard!r}") from None
        return heard

    def type_until(self, text: bytes, end: bytes, seconds: float = 10) -> None:
        """Types `text` while it takes in what the terminal shows, up to the byte `end` and nothing after it.

        As a runtime does: an echo that finds the terminal's buffer full is shown later, amid the output.
        """
        deadline = time.monotonic() + seconds
        os.set_blocking(self.terminal, False)
        while time.monotonic() < deadline:
            with suppress(BlockingIOError):
                text = text[os.write(self.terminal, text[:512]) :] if text else text
            with suppress(BlockingIOError):
                while os.read(self.terminal, 1) != end:
                    pass
                return
            time.sleep(0.0005)
        raise AssertionError(f"{end!r} did not come; {len(text)} bytes were not typed")

    def _stdout(self) -> int:
        assert self.outer.stdout
        return self.outer.stdout.fileno()

    def printed(self) -> bytes:
        """All it printed until it ended, without the first mark."""
        assert self.outer.stderr
        stdout, stderr = os.read(self._stdout(), 65536), self.outer.stderr.read()
        self.marks = stderr.count(MARK)
        return stdout + stderr.replace(MARK, b"", 1)

    def shown(self, seconds: float = 10) -> bytes:
        """All that its terminal shows until it has ended."""
        shown, deadline = b"", time.monotonic() + seconds
        os.set_blocking(self.terminal, False)
        while time.monotonic() < deadline:
            try:
                shown += os.read(self.terminal, 65536)
            except BlockingIOError:
                time.sleep(0.005)
            except OSError:  # nobody has it open any more
                return shown
        raise AssertionError(f"it has not ended: {shown!r}")

    def hold_input(self, size: int) -> None:
        """Let its stdin hold `size` bytes that nobody has read."""
        assert self.outer.stdin
        fcntl.fcntl(self.outer.stdin, fcntl.F_SETPIPE_SZ, size)

    def unread(self) -> int:
        """How many bytes its stdin holds, also after its end (pipe(7))."""
        assert self.outer.stdin
        return int.from_bytes(fcntl.ioctl(self.outer.stdin, termios.FIONREAD, bytes(4)), sys.byteorder)

    def close_input(self) -> None:
        assert self.outer.stdin
        self.outer.stdin.close()

    def close(self) -> None:
        """Wait for its end, which somebody else saw to, and let go of it."""
        self.outer.wait(10)
        for pipe in (self.outer.stdin, self.outer.stdout, self.outer.stderr):
            if pipe:
                pipe.close()
        if self.terminal >= 0:
            os.close(self.terminal)

    def ended(self, seconds: float = 10) -> int:
        return self.outer.wait(seconds)


@dataclass
class Container:
    """`shared` are the options of contain.py that are the pod's; `pid_namespace` is where its processes start."""

    id: str
    root: Path
    cgroups: list[Path]
    user: tuple[int, int]
    env: dict[str, str]
    pid_namespace: Callable[[], str]
    parent_inside: bool
    cgroup_namespace: bool
    binds: list[str] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)

    def start(self, argv: list[str], *, tty: bool = False, init: bool = True, stdin: bool = True) -> Process:
        """Run argv in the container; the first call makes its first process (`init`: whose end ends all)."""
        first = not self.processes
        options = {
            "argv": argv,
            "binds": self.binds,
            "cgroup_namespace": self._namespace("cgroup") or "new" if self.cgroup_namespace else "",
            "cgroups": [str(path) for path in self.cgroups],
            "env": self.env,
            "init": first and init,
            "join": self.pid_namespace(),
            "mounts_of": self._namespace("mnt"),
            "parent_inside": self.parent_inside,
            "root": str(self.root),
            "tty": tty,
            "user": self.user,
        }
        process = self._terminal(options) if tty else self._pipes(options, stdin=stdin)
        self.processes.append(process)
        # one that ends at once may never be seen
        if first:
            wait_until(lambda: self.pids() or process.outer.poll() is not None, 10, process.printed)
        return process

    def _namespace(self, kind: str) -> str:
        return f"/proc/{self.pids()[0]}/ns/{kind}" if self.processes else ""

    def _terminal(self, options: dict[str, Any]) -> Process:
        ours, theirs = pty.openpty()
        os.fchown(theirs, *self.user)
        outer = subprocess.Popen(program(options), stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        return Process(outer, ours)

    def _pipes(self, options: dict[str, Any], *, stdin: bool) -> Process:
        if not stdin:
            pipe = subprocess.PIPE
            return Process(subprocess.Popen(program(options), stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe))
        theirs, ours = os.pipe()
        # a runtime gives the pipe to the container's user
        os.fchown(theirs, *self.user)
        outer = subprocess.Popen(program(options), stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        os.close(theirs)
        assert outer.stdout
        os.fchown(outer.stdout.fileno(), *self.user)
        outer.stdin = os.fdopen(ours, "wb")
        return Process(outer)

    def states(self) -> list[list[str]]:
        """Name, state, parent and start time of each of its processes."""
        fields = [Path(f"/proc/{pid}/stat").read_text().split() for pid in self.pids()]
        return [[line[index] for index in (0, 1, 2, 3, 21)] for line in fields]

    def asleep(self, number: int) -> bool:
        """Are there so many processes, each waiting and under its own name?"""
        return [state[2] for state in self.states()] == ["S"] * number and "(exe)" not in str(self.states())

    def pids(self) -> list[int]:
        """Its processes, oldest first, in the numbers of the machine."""
        return sorted(int(word) for word in (self.cgroups[0] / "cgroup.procs").read_text().split())


def program(options: dict[str, Any]) -> list[str]:
    return [sys.executable, "-I", str(Path(__file__).with_name("contain.py")), json.dumps(options)]
