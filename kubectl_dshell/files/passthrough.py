"""Passes the received archives on as a single one, unchecked: that is up to its reader."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

from kubectl_dshell.domain.cp.requested_names import RequestedNames
from kubectl_dshell.errors import Interrupted, OutputFailed, Truncated
from kubectl_dshell.files.tar_reader import TarReader
from kubectl_dshell.streaming.write import write_all

if TYPE_CHECKING:
    import io
    from collections.abc import Callable, Sequence

    from kubectl_dshell.domain.cp.copy_spec import RemotePath
    from kubectl_dshell.domain.progress import ProgressMeter

_RECORD = 4
_PIECE = 1024 * 1024
_SIGPIPE = 13


class Passthrough:
    """A destination that stores nothing: it passes everything on."""

    def __init__(self, descriptor: int, sources: Sequence[RemotePath]) -> None:
        self._descriptor = descriptor
        self._turns = RequestedNames(sources)
        self.missing: list[str] = []

    def receive(
        self,
        source: io.BufferedReader,
        refuse: Callable[[str, str], None],  # noqa: ARG002  # nothing is refused
        meter: ProgressMeter,
    ) -> None:
        """Pass on each source below its own name.

        Raises Truncated, OutputFailed, Forbidden for a name that was not requested, Interrupted (SIGPIPE) if the
        reader has closed the pipe.
        """
        feed, buffer = TarReader(source), memoryview(bytearray(_PIECE))
        try:
            for _, kind, name, _ in feed.records(_RECORD):
                self._turns.take(name, kind)
                empty = True
                for member in feed.archive():
                    empty = False
                    write_all(self._descriptor, _header(member, kind, name))
                    self._pass_on(feed, member.size, buffer, meter)
                if empty and kind == "file":
                    self.missing.append(name)
            self._turns.end()
            write_all(self._descriptor, bytes(2 * tarfile.BLOCKSIZE))
        except BrokenPipeError:
            raise Interrupted(_SIGPIPE) from None
        except OSError as error:
            raise OutputFailed(f"cannot write to stdout: {error.strerror}") from error

    def commit(self) -> None: ...
    def discard(self) -> None: ...

    def _pass_on(self, feed: TarReader, size: int, buffer: memoryview, meter: ProgressMeter) -> None:
        left = size
        while left:
            count = feed.readinto(buffer[: min(left, _PIECE)])
            if not count:
                raise Truncated("the archive ended unexpectedly")
            left -= count
            write_all(self._descriptor, buffer[:count])
            meter.advance(count)
        write_all(self._descriptor, bytes(-size % tarfile.BLOCKSIZE))


def _header(member: tarfile.TarInfo, kind: str, source: str) -> bytes:
    """Members of a directory are below it; the archive of a file has the file as its only member."""
    if member.type == tarfile.GNUTYPE_SPARSE:
        raise Truncated(f"{member.name} is a sparse file in a tar-specific format, which cannot be passed through")
    inner = member.name.removeprefix(".").removeprefix("/") if kind == "folder" else ""
    member.name = f"{source}/{inner}" if inner else source
    if member.islnk():
        member.linkname = f"{source}/{member.linkname.removeprefix('./')}"
    try:
        return member.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
    except ValueError as error:
        raise Truncated(f"the archive is corrupt: {error}") from error
