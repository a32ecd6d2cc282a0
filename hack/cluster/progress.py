"""What takes long says so, with how long it has taken and about how long it will."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING, TextIO

from .layout import cache_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MEASURED_ON = 2  # processors of the machine on which the guesses were measured
_EVERY = {True: 1.0, False: 60.0}  # seconds from one line to the next: rewritten on a terminal, added elsewhere


@contextlib.contextmanager
def step(what: str, *, kind: str = "", guess: float = 0.0) -> Iterator[None]:
    """One line on a terminal, rewritten each second; elsewhere a line at its start, each minute and at its end.

    About how long it takes: as long as the last of this `kind` here, else `guess`, seconds that it took on two processors.
    """
    stream = sys.stderr
    live = _rewrites(stream)
    usual = about(kind, guess)
    began = monotonic()
    over = Event()

    def watch() -> None:
        while not over.wait(_EVERY[live]):
            _show(stream, line(what, monotonic() - began, usual), live=live)

    _show(stream, line(what, 0, usual), live=live)
    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    end = "stopped after"
    try:
        yield
        end = "took"
    finally:
        over.set()
        watcher.join()
        seconds = monotonic() - began
        _show(stream, f"{what}  {end} {clock(seconds)}", live=live)
        if live:
            print(file=stream, flush=True)
    if kind:
        _keep(kind, seconds)


def about(kind: str, guess: float) -> float:
    """Seconds; 0 when nobody knows."""
    return _kept().get(kind) or guess * _MEASURED_ON / processors()


def processors() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def line(what: str, seconds: float, usual: float) -> str:
    if not usual:
        return f"{what}  {clock(seconds)}"
    return f"{what}  {clock(seconds)} of about {clock(usual)}"


def clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def _rewrites(stream: TextIO) -> bool:
    """The log of a CI service keeps every line that was rewritten, even where it is a terminal."""
    return stream.isatty() and not os.environ.get("CI") and os.environ.get("TERM") != "dumb"


def _show(stream: TextIO, text: str, *, live: bool) -> None:
    if live:
        width = shutil.get_terminal_size().columns
        print(f"\r\x1b[K{text[: width - 1]}", end="", file=stream, flush=True)
    else:
        print(text, file=stream, flush=True)


def _file() -> Path:
    return cache_root() / "durations.json"


def _kept() -> dict[str, float]:
    """By kind; a file that makes no sense is as good as none."""
    try:
        found = json.loads(_file().read_text())
        return {str(kind): float(seconds) for kind, seconds in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _keep(kind: str, seconds: float) -> None:
    cache_root().mkdir(parents=True, exist_ok=True)
    fresh = _file().with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps(_kept() | {kind: round(seconds, 1)}, indent=1))
    fresh.replace(_file())
