"""A recording of a session's output that asciinema can play (asciicast v2).

https://docs.asciinema.org/manual/asciicast/v2/: a header, then a line for each event.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubectl_dshell.domain.stream import Channel, Output, TerminalSize
from kubectl_dshell.errors import OutputFailed, UsageError
from kubectl_dshell.streaming.write import write_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_USUAL_SIZE = TerminalSize(24, 80)
_COMPLAINT = "the recording stopped, the session continues: {path}: {why}"


class Recorder:
    """Writes each event at once and completely, so that the file is valid however the program ends.

    Input is not recorded, so a password that is not echoed stays secret.
    """

    def __init__(self, path: str, environment: Mapping[str, str], warn: Callable[[str], None]) -> None:
        """Raises UsageError if the file exists, OutputFailed if it cannot be created."""
        self.path = path
        self.complete = True
        self._environment = environment
        self._warn = warn
        try:
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError as error:
            raise UsageError(f"{path} already exists, and a recording never overwrites a file") from error
        except OSError as error:
            raise OutputFailed(f"cannot record to {path}: {error.strerror}") from error
        self._began: float | None = None
        self._length = 0
        self._size = _USUAL_SIZE
        self._raw = False
        self._decoders = {c: codecs.getincrementaldecoder("utf-8")("replace") for c in (Channel.STDOUT, Channel.STDERR)}

    @property
    def begun(self) -> bool:
        return self._began is not None

    def begin(self, size: TerminalSize | None, *, raw: bool) -> None:
        """The session starts, on a terminal of `size`. `raw`: the remote side ends lines with CR LF itself."""
        self._raw = raw
        if self._began is not None:
            return
        self._began, self._size = time.monotonic(), size or _USUAL_SIZE
        variables = {name: value for name in ("TERM", "SHELL") if (value := self._environment.get(name))}
        size, now = self._size, int(time.time())
        self._line({"version": 2, "width": size.columns, "height": size.rows, "timestamp": now, "env": variables})

    def output(self, output: Output) -> None:
        self._text(self._decoders[output.channel].decode(output.data))

    def resize(self, size: TerminalSize) -> None:
        if size != self._size:
            self._size = size
            self._event("r", f"{size.columns}x{size.rows}")

    def close(self) -> None:
        """Close the file; remove it if no session has begun."""
        for decoder in self._decoders.values():
            self._text(decoder.decode(b"", final=True))
        os.close(self._fd)
        if not self.begun:
            with contextlib.suppress(OSError):
                Path(self.path).unlink()

    def _text(self, text: str) -> None:
        if text:
            # as a terminal in cooked mode does
            self._event("o", text if self._raw else text.replace("\n", "\r\n"))

    def _event(self, kind: str, data: str) -> None:
        if self._began is not None:
            self._line([round(time.monotonic() - self._began, 6), kind, data])

    def _line(self, value: Any) -> None:
        if not self.complete:
            return
        line = json.dumps(value).encode() + b"\n"  # ASCII: some readers treat U+2028 as the end of a line
        try:
            write_all(self._fd, line)
            self._length += len(line)
        except OSError as error:
            self.complete = False
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self._length)  # no half line
            self._warn(_COMPLAINT.format(path=self.path, why=error.strerror))
