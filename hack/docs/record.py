"""Records a person's session in a real shell on a real cluster, as an asciicast v2."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import struct
import subprocess
import sys
import time
from fcntl import ioctl
from termios import TIOCSWINSZ
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_CURSOR_QUERY = "\x1b[6n"
_KEY_SECONDS, _THINKING_SECONDS = 0.05, 0.6
_LONGEST_WAIT = 120


class Recording:
    """A shell on a terminal of `size` (columns, rows), and all that appears on it."""

    def __init__(self, command: list[str], environment: Mapping[str, str], folder: Path, size: tuple[int, int]) -> None:
        self._size = size
        self._events: list[tuple[float, str]] = []
        self._began = time.monotonic()
        self._terminal, end = os.openpty()
        ioctl(end, TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self._shell = subprocess.Popen(
            ["setsid", "--ctty", *command], env=environment, cwd=folder, stdin=end, stdout=end, stderr=end
        )
        os.close(end)

    def play(self, steps: Iterable[tuple[str, str]]) -> str:
        """The cast. A step is a pattern to wait for at the end of the output, and the line that is then typed.

        An empty line is not typed: the recording ends there.
        """
        try:
            for pattern, line in steps:
                self._wait_for(pattern)
                if not line:
                    break
                self._read(_THINKING_SECONDS)
                for key in line:
                    os.write(self._terminal, key.encode())
                    self._read(_KEY_SECONDS)
                os.write(self._terminal, b"\r")
        finally:
            os.close(self._terminal)  # hangs up on whatever still runs
            self._shell.wait()
        columns, rows = self._size
        header = {"version": 2, "width": columns, "height": rows}
        return "".join(f"{json.dumps(value)}\n" for value in (header, *((s, "o", text) for s, text in self._events)))

    def _wait_for(self, pattern: str) -> None:
        deadline = time.monotonic() + _LONGEST_WAIT
        while not re.search(pattern + r"\Z", self._text()):
            if time.monotonic() > deadline:
                sys.exit(f"error: no {pattern!r} within {_LONGEST_WAIT} s at the end of:\n{self._text()}")
            self._read(0.1)

    def _text(self) -> str:
        return _ESCAPES.sub("", "".join(text for _, text in self._events))

    def _read(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if not select.select([self._terminal], [], [], left)[0]:
                return
            with contextlib.suppress(OSError):  # EIO: the shell has ended
                text = os.read(self._terminal, 65536).decode(errors="replace")
                if _CURSOR_QUERY in text:
                    os.write(self._terminal, b"\x1b[1;1R")  # as a terminal answers
                self._events.append((round(time.monotonic() - self._began, 3), text.replace(_CURSOR_QUERY, "")))
