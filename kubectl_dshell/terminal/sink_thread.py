"""A ring buffer between the relay and a thread that reads a command's output as a file.

An os.pipe with a writer thread would be simpler, but slower: measured through TLS and the relay, with frames of 32 KiB,
a copy takes 3.4 to 5.2 s of client CPU per GB with the ring and 6.1 to 9.1 s with a pipe, and the client's CPU is the
bottleneck of a copy. The pipe would save 2 MB of memory.
"""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING, cast

from kubectl_dshell.domain.stream import Channel
from kubectl_dshell.errors import Truncated
from kubectl_dshell.streaming import interruptible
from kubectl_dshell.streaming.wakeup import Wakeup

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_dshell.domain.stream import Output

_ROOM = 3 * 1024 * 1024
_FULL = 1024 * 1024  # usually leaves room for everything received at once
_BUFFER = 256 * 1024
_WORDS = 16 * 1024


class SinkThread:
    """A BufferedSink whose stdout is read by `sink` in a thread, to the end; the beginning of stderr is kept."""

    def __init__(self, sink: Callable[[io.BufferedReader], None]) -> None:
        self.failure: BaseException | None = None
        self._sink = sink
        self._wakeup = Wakeup()
        self._words = b""
        # Preallocated: glibc would mmap and munmap every chunk of a queue. The throw-away allocation below raises its
        # dynamic mmap threshold, so that the chunks on their way here are recycled as well.
        self._ring = bytearray(_ROOM)
        bytes(2 * _ROOM)
        self._at = self._size = 0
        self._over = False  # nothing more will be written
        self._gone = False  # nothing more will be read
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="sink", daemon=True)
        self._thread.start()

    @property
    def said(self) -> str:
        """The beginning of stderr."""
        return self._words.decode(errors="replace")

    def fileno(self) -> int:
        return self._wakeup.fileno()

    def clear(self) -> None:
        self._wakeup.clear()

    @property
    def full(self) -> bool:
        return self._size >= _FULL

    @property
    def drained(self) -> bool:
        return True  # the sink has all the time it needs when the command has ended

    def write(self, output: Output) -> None:
        if output.channel is Channel.STDERR:
            self._words += output.data[: _WORDS - len(self._words)]
            return
        with self._changed:
            if not self._gone:
                self._put(output.data)
                self._changed.notify()

    def check(self) -> None:
        """Raise the sink's error, unless it is a truncation: the end of the command explains that better."""
        if self.failure is not None and not isinstance(self.failure, Truncated):
            raise self.failure

    def end(self) -> None:
        """Signal the end of the data, and wait until the sink has ended."""
        with self._changed:
            self._over = True
            self._changed.notify()
        interruptible.join(self._thread)
        self._wakeup.close()

    def take(self, buffer: memoryview) -> int:
        """Wait for the next bytes; return their number, 0 at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._size or self._over)
            count = min(self._size, len(buffer), len(self._ring) - self._at)
            with memoryview(self._ring) as wake:
                buffer[:count] = wake[self._at : self._at + count]
            was_full = self.full
            self._size -= count
            self._at = (self._at + count) % len(self._ring)
            relieved = was_full and not self.full
        if relieved:
            self._wakeup.wake()
        return count

    def _put(self, data: bytes) -> None:
        if self._size + len(data) > len(self._ring):
            self._ring = self._ring[self._at :] + self._ring[: self._at] + bytes(len(data))
            self._at = 0
        end = (self._at + self._size) % len(self._ring)
        first = min(len(data), len(self._ring) - end)
        with memoryview(data) as rest, memoryview(self._ring) as wake:
            wake[end : end + first] = rest[:first]
            wake[: len(data) - first] = rest[first:]
        self._size += len(data)

    def _run(self) -> None:
        try:
            with cast("io.BufferedReader", io.BufferedReader(_File(self), _BUFFER)) as reader:
                self._sink(reader)
                while reader.read(_BUFFER):
                    pass
        except BaseException as error:  # noqa: BLE001  # raised again in the main thread
            self.failure = error
        with self._changed:
            self._gone = True
            self._size = 0
        self._wakeup.wake()


class _File(io.RawIOBase):
    def __init__(self, queue: SinkThread) -> None:
        super().__init__()
        self._queue = queue

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # what BufferedReader gives
        return self._queue.take(memoryview(buffer))
