"""What a copy needs of the world besides a session."""

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
    from kubectl_dshell.domain.copy.copy_spec import RemotePath
    from kubectl_dshell.domain.stream import Companion, Piped, Stream

    Refuse = Callable[[str, str], None]
    """Hears of a file that is not copied, and why; raises, or lets the rest be copied."""


class Staging(Protocol):
    """Where files come down."""

    missing: list[str]
    """Files that were announced, and nothing came."""

    def receive(self, source: io.BufferedReader, refuse: Refuse, meter: ProgressMeter) -> None: ...
    def commit(self) -> None:
        """All have come: they are put in their places."""

    def discard(self) -> None:
        """What was not committed is removed."""


class ArchiveSource(Protocol):
    """Files to be sent."""

    @property
    def names(self) -> list[str]: ...
    def send(self, out: BinaryIO, stopped: Callable[[], bool], meter: ProgressMeter) -> None: ...


class Disk(Protocol):
    """Our own files. Raises OutputFailed or NotFound."""

    def landing(self, destination: str, sources: Sequence[RemotePath]) -> Staging: ...
    def luggage(self, sources: Sequence[str], refuse: Refuse) -> ArchiveSource: ...


class Pipes(Protocol):
    """The user's side replaced by code of ours."""

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
    session: Ports
    pipes: Pipes
    disk: Disk
    transfer: CopyProgress
