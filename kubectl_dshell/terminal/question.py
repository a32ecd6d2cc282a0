"""A question to the person at the terminal, answered after it was asked."""

from __future__ import annotations

import os
import select
import sys
import termios
from contextlib import suppress
from typing import TYPE_CHECKING

from kubectl_dshell.errors import ConnectionLost, Interrupted
from kubectl_dshell.streaming.poll import mask, poll_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_dshell.domain.stream import Companion

_LONGEST = 1024  # of an answer; a line of a terminal has at most 4096
_YES = (b"y", b"yes")


def confirm(question: str, companion: Companion, monotonic: Callable[[], float]) -> bool:
    """Ask on stderr; only `y` and `yes` agree. `companion` is served meanwhile, however long it takes.

    Raises Interrupted.
    """
    with suppress(termios.error):  # it was hung up
        # What was typed before is no answer: it was meant for the session.
        termios.tcflush(0, termios.TCIFLUSH)
    try:
        _write(f"{question} [y/N]: ")
        answer = _line(companion, monotonic)
    except Interrupted:
        _write("\n")
        raise
    if not answer.endswith(b"\n"):
        _write("\n")
    return answer.strip().lower() in _YES


def _line(companion: Companion, monotonic: Callable[[], float]) -> bytes:
    """What is typed, up to the end of the line, or of the input."""
    read, lost = b"", False
    while not read.endswith(b"\n") and len(read) < _LONGEST:
        poller, due = select.poll(), monotonic() + 1
        poller.register(0, mask(read=True, write=False))
        if not lost:
            try:
                due = companion.service(monotonic())
            except ConnectionLost:  # the answer may not need it
                lost = True
            else:
                if companion.fileno() >= 0:
                    poller.register(companion.fileno(), mask(read=True, write=companion.wants_write))
        if 0 in poll_until(poller, due, monotonic()):
            with suppress(OSError):  # it was hung up
                read += (data := os.read(0, _LONGEST))
                if data:
                    continue
            break
    return read


def _write(text: str) -> None:
    with suppress(OSError):  # it was hung up
        sys.stderr.write(text)
        sys.stderr.flush()
