"""The Protocols that a copy needs besides those of a session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from kubectl_dshell.domain.progress import ProgressMeter

if TYPE_CHECKING:
    import io
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from typing import BinaryIO

    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.domain.cp.copy_spec import RemotePath
    from kubectl_dshell.domain.stream import Companion, Piped, Stream

    Refuse = Callable[[str, str], None]
    """Called for a file that is not copied, with the reason; raises, or allows the rest to be copied."""


class Staging(Protocol):
    """Where received files are written."""

    missing: list[str]
    """Files that were announced but not received."""

    def receive(self, source: io.BufferedReader, refuse: Refuse, meter: ProgressMeter) -> None: ...
    def commit(self) -> None:
        """Move the files to their destinations, once all were received."""

    def discard(self) -> None:
        """Remove what was not committed."""


class ArchiveSource(Protocol):
    """Files to be sent."""

    @property
    def names(self) -> list[str]: ...
    def send(self, out: BinaryIO, stopped: Callable[[], bool], meter: ProgressMeter) -> None: ...


class Disk(Protocol):
    """Local files. Raises OutputFailed or NotFound."""

    def landing(self, destination: str, sources: Sequence[RemotePath]) -> Staging: ...
    def luggage(self, sources: Sequence[str], refuse: Refuse) -> ArchiveSource: ...


class Pipes(Protocol):
    """A session whose input and output are Python code."""

    def piped(
        self,
        stream: Stream,
        companion: Companion,
        words: bytes,
        sink: Callable[[io.BufferedReader], None],
        source: Callable[[io.BufferedWriter], None] | None = None,
    ) -> Piped: ...
    def held(self) -> AbstractContextManager[None]: ...


class CopyProgress(ProgressMeter, Protocol):
    """The progress line."""

    def end(self) -> None: ...


@dataclass(frozen=True, slots=True)
class CopyPorts:
    """What `cp` reaches the outside through."""

    session: Ports
    pipes: Pipes
    disk: Disk
    transfer: CopyProgress
