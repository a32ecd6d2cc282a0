"""A run of a credential plugin: its stderr is shown as it arrives, and it does not outlive this process."""

from __future__ import annotations

import atexit
import codecs
import math
import os
import select
import subprocess
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kubectl_dshell.streaming import interruptible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

LARGEST_ANSWER = 1024 * 1024
"""Bytes on stdout."""
LONGEST_TALK = 64 * 1024
"""Characters of stderr that are shown; the rest is read and discarded."""
LAST_WORDS = 2000
_PIECE = 64 * 1024
_TICK_MS = 100
_END_SECONDS = 1.0


class OutputTooLarge(Exception):
    """The plugin wrote more than LARGEST_ANSWER to stdout."""


@dataclass(slots=True)
class PluginOutput:
    """Exit code and stdout; `unsaid` is the end of stderr if it could not be shown."""

    code: int
    stdout: bytes = field(repr=False)
    unsaid: str


class PluginTimeout(Exception):
    """The plugin did not finish in time."""


def run(
    program: str,
    argv: Sequence[str],
    environ: Mapping[str, str],
    show: Callable[[str], bool],
    *,
    interactive: bool,
    seconds: float | None = None,
) -> PluginOutput:
    """Run `program` until it exits; `argv` begins with its name. `show` returns whether it could show a piece.

    An interactive plugin inherits stdin and stderr, as in kubectl. Without `seconds` there is no time limit.

    Raises:
        OSError: the plugin cannot be started. OutputTooLarge, PluginTimeout: it was terminated.
    """
    deadline = math.inf if seconds is None else time.monotonic() + seconds
    start = _Start(program, argv, environ, interactive=interactive)
    try:
        start.begin()
        return _attend(start.process(), show, deadline)
    finally:
        start.end()


class _Start(threading.Thread):
    """Starts the plugin in a thread, so that a signal's exception cannot strike before the process is recorded."""

    def __init__(self, program: str, argv: Sequence[str], environ: Mapping[str, str], *, interactive: bool) -> None:
        super().__init__(name="plugin", daemon=True)
        self._program, self._argv, self._environ, self._interactive = program, argv, environ, interactive
        self._made: subprocess.Popen[bytes] | Exception | None = None
        # Not `join`: once interrupted by a signal's exception it considers the thread finished (bpo-45274).
        self._done = threading.Event()
        self._done.set()

    def begin(self) -> None:
        """Wait until the process has started or failed to start."""
        self._done.clear()
        try:
            self.start()
        except RuntimeError:  # no more threads available
            self._done.set()
            raise
        interruptible.wait(self._done)

    def run(self) -> None:
        try:
            self._made = subprocess.Popen(  # noqa: S603  # the kubeconfig's own words, as kubectl runs them
                self._argv,
                executable=self._program,
                env=self._environ,
                stdin=None if self._interactive else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=None if self._interactive else subprocess.PIPE,
            )
            atexit.register(self.end)  # in case the program exits while another thread runs a plugin
        except Exception as error:  # noqa: BLE001  # raised again by `process`
            self._made = error
        finally:
            self._done.set()

    def process(self) -> subprocess.Popen[bytes]:
        """The process; raises the exception that kept it from starting."""
        if not isinstance(self._made, subprocess.Popen):
            raise self._made or RuntimeError("not started")
        return self._made

    def end(self) -> None:
        """Terminate the process if it is running."""
        self._done.wait(_END_SECONDS if self.ident is None else None)  # the thread may never have started
        if isinstance(self._made, subprocess.Popen):
            atexit.unregister(self.end)
            _end(self._made)


def _attend(process: subprocess.Popen[bytes], show: Callable[[str], bool], deadline: float) -> PluginOutput:
    stdout, talk = bytearray(), _Talk(show)
    for is_answer, data in _arriving(process, deadline):
        if not is_answer:
            talk.hear(data)
            continue
        stdout += data
        if len(stdout) > LARGEST_ANSWER:
            raise OutputTooLarge
    talk.end()
    return PluginOutput(process.returncode, bytes(stdout), talk.unsaid.strip())


def _arriving(process: subprocess.Popen[bytes], deadline: float) -> Iterator[tuple[bool, bytes]]:
    """Pieces of stdout (True) and stderr (False) until the process exits."""
    poll = select.poll()
    answer = process.stdout.fileno() if process.stdout else -1
    ends = {end.fileno() for end in (process.stdout, process.stderr) if end}
    for end in ends:
        os.set_blocking(end, False)
        poll.register(end, select.POLLIN)
    # A process left running by the plugin may hold stderr open: only the end of stdout is waited for.
    while answer in ends or process.poll() is None:
        if time.monotonic() > deadline:
            raise PluginTimeout
        for end, _ in poll.poll(_TICK_MS):
            data = _read(end)
            if data:
                yield end == answer, data
            elif data is not None:
                poll.unregister(end)
                ends.discard(end)
    for end in ends:
        while data := _read(end):
            yield False, data


def _read(end: int) -> bytes | None:
    try:
        return os.read(end, _PIECE)
    except BlockingIOError:
        return None


def _end(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdout, process.stderr):
        if pipe:
            pipe.close()
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class _Talk:
    """Stderr as text, piece by piece: a prompt does not end with a line break."""

    def __init__(self, show: Callable[[str], bool]) -> None:
        self.unsaid = ""
        self._show = show
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._shown = 0
        self._middle_of_line = False

    def hear(self, data: bytes) -> None:
        text = self._decoder.decode(data)[: LONGEST_TALK - self._shown]
        if not text:
            return
        if self._show(text):
            self._shown += len(text)
            self._middle_of_line = not text.endswith("\n")
            if self._shown >= LONGEST_TALK:
                self._middle_of_line = False
                self._show("\n(further output of the plugin is not shown)\n")
        else:
            self.unsaid = (self.unsaid + text)[-LAST_WORDS:]

    def end(self) -> None:
        if self._middle_of_line:
            self._show("\n")
