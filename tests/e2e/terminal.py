"""A person at a terminal: a real pseudo-terminal, what is on it, and what is typed."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from typing import TYPE_CHECKING, Self

from tests.waiting import patient

if TYPE_CHECKING:
    from pathlib import Path

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-Za-z]|[=>78cDEHMNOZ])")
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*\x1b?|[()])?\Z")
_CURSOR_QUERY = b"\x1b[6n"


class TerminalSession:
    """One process as the leader of a terminal's session. Ends it by SIGKILL when the `with` is left.

    `output` is everything it wrote; `text` the same without escape sequences.
    """

    def __init__(
        self, command: list[str], env: dict[str, str], folder: Path, *, rows: int = 24, columns: int = 80
    ) -> None:
        self.output = b""
        self._seen = 0
        self._master, self._slave = pty.openpty()
        self.resize(rows, columns)
        self.modes_before: list[object] = self.modes()
        leader = ["setsid", "--ctty", *command]  # setsid replaces itself: the PID is the program's own
        self.process: subprocess.Popen[bytes] = subprocess.Popen(
            leader, env=env, cwd=folder, stdin=self._slave, stdout=self._slave, stderr=self._slave
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.hang_up()
        os.close(self._slave)

    @property
    def text(self) -> str:
        written = self.output.decode(errors="replace")
        return _UNFINISHED.sub("", _ESCAPES.sub("", written))

    def expect(self, pattern: str, timeout: float = 30) -> re.Match[str]:
        """Read until `pattern` appears after what the last call matched."""
        deadline = time.monotonic() + patient(timeout)
        while not (found := re.compile(pattern).search(self.text, self._seen)):
            if not self._read(min(0.5, deadline - time.monotonic())) and (
                time.monotonic() > deadline or self.process.poll() is not None
            ):
                raise AssertionError(f"no {pattern!r} in {self.text[self._seen :]!r} (all: {self.text!r})")
        self._seen = found.end()
        return found

    def hang_up(self) -> None:
        """Close the terminal's window: the kernel sends SIGHUP, and nothing can be read or written any more."""
        if self._master >= 0:
            os.close(self._master)
        self._master = -1

    def send(self, text: str | bytes) -> None:
        os.write(self._master, text.encode() if isinstance(text, str) else text)

    def resize(self, rows: int, columns: int) -> None:
        """The kernel tells the program by SIGWINCH, as when a window is dragged."""
        self._size = (rows, columns)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def modes(self) -> list[object]:
        """The terminal's modes (tcgetattr): the same before and after, or it was left raw; a closed one has none."""
        return self.modes_before if self._master < 0 else list(termios.tcgetattr(self._slave))

    def wait(self, timeout: float = 30) -> int:
        """Read to the end; the exit code (negative: the signal that ended it)."""
        deadline = time.monotonic() + patient(timeout)
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"still running after {patient(timeout):g} s: {self.text!r}"
            self._read(0.05)
        while self._read(0.05):
            pass
        return self.process.returncode

    def _read(self, timeout: float) -> bytes:
        if self._master < 0:
            time.sleep(min(timeout, 0.05))
            return b""
        if not select.select([self._master], [], [], max(timeout, 0))[0]:
            return b""
        data = os.read(self._master, 65536)
        self.output += data
        for before in data.split(_CURSOR_QUERY)[:-1]:  # every terminal answers; busybox ash and vi ask
            row, column = self._size if before.endswith(b"\x1b[999;999H") else (1, 1)
            self.send(f"\x1b[{row};{column}R")
        return data
