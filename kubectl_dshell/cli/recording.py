"""`--record FILE`, for every verb that holds a session."""

from __future__ import annotations

import os
import shlex
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kubectl_dshell.commands.ports import Ports


@contextmanager
def recording(path: str | None, *, quiet: bool) -> Iterator[Callable[[Ports], Ports]]:
    """Gives ports that record. Raises UsageError or OutputFailed, before anything is touched, if `path` cannot be."""
    if path is None:
        yield lambda ports: ports
        return
    from kubectl_dshell.output.notices import Notices
    from kubectl_dshell.terminal import tty
    from kubectl_dshell.terminal.asciicast import Recorder
    from kubectl_dshell.terminal.recording_terminal import RecordedTerminal

    notices = Notices(quiet=quiet, is_raw=tty.is_raw)
    recorder = Recorder(path, os.environ, notices.interject)
    try:
        yield lambda ports: replace(ports, terminal=RecordedTerminal(ports.terminal, recorder))
    finally:
        recorder.close()
        if recorder.begun and recorder.complete:
            notices.notice(f"recorded in {path}; asciinema play {shlex.quote(path)}")
