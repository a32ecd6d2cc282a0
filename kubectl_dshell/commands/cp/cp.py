"""`kubectl dshell cp`: copies files out of the app and into it, completely or not at all."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kubectl_dshell.commands.cp.outcome import Skipped, explain_copy_failure
from kubectl_dshell.commands.exec.attempt import Attempt
from kubectl_dshell.commands.session.open import open_session
from kubectl_dshell.domain.debug_container.spec import NAME_LETTERS
from kubectl_dshell.domain.stream import Exit, Piped
from kubectl_dshell.remote import copying

if TYPE_CHECKING:
    import io
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from kubectl_dshell.commands.cp.ports import ArchiveSource, CopyPorts
    from kubectl_dshell.commands.request import OpenRequest
    from kubectl_dshell.domain.cp.copy_spec import RemotePath
    from kubectl_dshell.domain.progress import ProgressMeter
    from kubectl_dshell.domain.stream import Companion, Stream, TerminalSize

_LONGEST_ANSWER = 64  # bytes, of a line from copy_in.sh


@dataclass(frozen=True, slots=True)
class CopyOut:
    """Files of a pod to a local destination ("-": an archive on stdout). `session.command` is filled in later."""

    session: OpenRequest
    sources: tuple[RemotePath, ...]
    destination: str
    skip_failed: bool


@dataclass(frozen=True, slots=True)
class CopyIn:
    """Local files to a destination in a pod. `session.command` is filled in later."""

    session: OpenRequest
    sources: tuple[str, ...]
    destination: RemotePath
    skip_failed: bool


def copy_out(request: CopyOut, ports: CopyPorts) -> int:
    """Return 0, or the exit code of a failed read; raises any DshellError, and Interrupted.

    Nothing changes locally unless everything was received.
    """
    left_out = Skipped(skip=request.skip_failed)
    words = copying.send_out([source.pattern for source in request.sources], strict=not request.skip_failed)
    landing = ports.disk.landing(request.destination, request.sources)
    try:
        # its input consists of lines and needs no end, so a server without half-close (v4) suffices
        session = replace(request.session, half_close=False)
        through = _run(session, ports, words, lambda reader: landing.receive(reader, left_out.add, ports.transfer))
        code = explain_copy_failure(through, request.session, ports.session, skip=request.skip_failed)
        if code == 0:
            for name in landing.missing:
                left_out.add(name, "it was not received")
            with ports.pipes.held():
                landing.commit()
    finally:
        with ports.pipes.held():
            landing.discard()
    left_out.tell(ports.session.notices)
    return code


def copy_in(request: CopyIn, ports: CopyPorts) -> int:
    """Like `copy_out`, but in the other direction: nothing changes in the app unless everything has arrived."""
    left_out = Skipped(skip=request.skip_failed)
    luggage = ports.disk.luggage(request.sources, left_out.add)
    temporary = f".dshell-{ports.session.clock.random_letters(NAME_LETTERS, 8)}"
    words = copying.take_in(request.destination.path, temporary, luggage.names, folder=request.destination.folder)
    talk = _Conversation(luggage, ports.transfer)
    session = replace(request.session, half_close=True)  # tar needs the end of the archive
    through = _run(session, ports, words, talk.listen, talk.send)
    code = explain_copy_failure(through, request.session, ports.session, skip=request.skip_failed)
    left_out.tell(ports.session.notices)
    return code


class _Conversation:
    """Sends nothing before the other side is ready, and stops when the other side has finished."""

    def __init__(self, luggage: ArchiveSource, meter: ProgressMeter) -> None:
        self._luggage = luggage
        self._meter = meter
        self._answered = threading.Event()
        self._stopped = threading.Event()

    def listen(self, reader: io.BufferedReader) -> None:
        if reader.readline(_LONGEST_ANSWER) == copying.READY:
            self._answered.set()
            reader.readline(_LONGEST_ANSWER)  # a failure, or the end
        self._stopped.set()
        self._answered.set()

    def send(self, writer: io.BufferedWriter) -> None:
        self._answered.wait()
        self._luggage.send(writer, self._stopped.is_set, self._meter)


class _Through:
    """A Terminal: the session's output goes to `sink`; its input is `words`, then the data of `source`."""

    def __init__(
        self,
        ports: CopyPorts,
        words: bytes,
        sink: Callable[[io.BufferedReader], None],
        source: Callable[[io.BufferedWriter], None] | None,
    ) -> None:
        self.piped = Piped(Exit(None), "", None)
        self._ports = ports
        self._words = words
        self._sink = sink
        self._source = source

    def size(self) -> TerminalSize | None:
        return None

    def relay(self, stream: Stream, companion: Companion, *, stdin: bool, tty: bool) -> Exit:  # noqa: ARG002  # as ever
        if not isinstance(stream, Attempt):
            raise TypeError(stream)
        stream.settle()
        if not stream.begun:
            (end,) = [event for event in stream.receive() if isinstance(event, Exit)] or [Exit(None)]
            return end
        try:
            self.piped = self._ports.pipes.piped(stream, companion, self._words, self._sink, self._source)
        finally:
            self._ports.transfer.end()
        return self.piped.end

    def give_back(self, unread: bytes) -> None:
        """Nothing is sent before the command has begun."""

    def held(self) -> AbstractContextManager[None]:
        return self._ports.pipes.held()


def _run(
    session: OpenRequest,
    ports: CopyPorts,
    words: bytes,
    sink: Callable[[io.BufferedReader], None],
    source: Callable[[io.BufferedWriter], None] | None = None,
) -> Piped:
    through = _Through(ports, words, sink, source)
    session = replace(session, command=tuple(copying.argv()), stdin=True, tty=False)
    code = open_session(session, replace(ports.session, terminal=through))
    return replace(through.piped, end=Exit(code))


__all__: Sequence[str] = ("CopyIn", "CopyOut", "copy_in", "copy_out")
