"""A session whose input and output are Python callables instead of descriptors."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import threading
import time
from typing import TYPE_CHECKING, cast

from kubectl_dshell.domain.stream import Piped
from kubectl_dshell.errors import DshellError, Interrupted
from kubectl_dshell.streaming import interruptible
from kubectl_dshell.streaming.relay import Relay
from kubectl_dshell.terminal.sink_thread import SinkThread
from kubectl_dshell.terminal.stdin import Stdin

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_dshell.domain.stream import Companion, Stream
    from kubectl_dshell.terminal.signals import Signals

_PIPE = 1024 * 1024
_END_SECONDS = 10.0
"""How long a command may take to end after its input has ended."""


def relay_piped(
    stream: Stream,
    companion: Companion,
    signals: Signals,
    words: bytes,
    sink: Callable[[io.BufferedReader], None],
    source: Callable[[io.BufferedWriter], None] | None = None,
    *,
    end_seconds: float = _END_SECONDS,
) -> Piped:
    """Run until the command has ended; `sink` reads its stdout to the end, `source` writes its stdin after `words`.

    Both run in threads of their own. Raises the errors of the relay, and those of `sink` while there is more output;
    a later failure, or one of `source`, is in the result, because the exit code may explain it.
    """
    queue = SinkThread(sink)
    feeder = _Feeder(words, source)
    try:
        with signals.held():
            end = Relay(stream, queue, signals, companion=companion, stdin=Stdin(feeder.outside, signals)).run()
    except Interrupted:
        if source:
            _let_it_end(queue, stream, companion, signals, end_seconds)
        raise
    finally:
        queue.end()
        feeder.end()  # last, as it may wait for something that the sink receives
    failures = [queue.failure, feeder.failure]
    for failure in failures:
        if failure and not isinstance(failure, DshellError):
            raise failure
    return Piped(end, queue.said, next((one for one in failures if isinstance(one, DshellError)), None))


class _Feeder:
    """A thread that writes the input that the relay reads from `outside`."""

    def __init__(self, words: bytes, source: Callable[[io.BufferedWriter], None] | None) -> None:
        self.failure: BaseException | None = None
        self.outside, self._inside = os.pipe()
        with contextlib.suppress(OSError, AttributeError):  # the default size works too
            fcntl.fcntl(self.outside, fcntl.F_SETPIPE_SZ, _PIPE)
        self._words = words
        self._source = source
        self._thread = threading.Thread(target=self._run, name="source", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Discard whatever is not read yet, and wait until the thread has ended."""
        os.close(self.outside)
        interruptible.join(self._thread)

    def _run(self) -> None:
        try:
            with cast("io.BufferedWriter", io.BufferedWriter(io.FileIO(self._inside, "w"), _PIPE // 4)) as writer:
                writer.write(self._words)
                writer.flush()
                if self._source:
                    self._source(writer)
        except BrokenPipeError:  # the command has ended, and its exit code is more informative
            pass
        except BaseException as error:  # noqa: BLE001  # raised again in the main thread
            self.failure = error


def _let_it_end(queue: SinkThread, stream: Stream, companion: Companion, signals: Signals, seconds: float) -> None:
    """Close the command's input, so that it can clean up, and keep the connection until it has ended."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    try:
        with contextlib.suppress(DshellError), signals.held():
            relay = Relay(stream, queue, signals, companion=companion, stdin=Stdin(nothing, signals))
            relay.run(time.monotonic() + seconds)
    finally:
        os.close(nothing)
