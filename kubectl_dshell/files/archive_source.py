"""Packs local files into an archive for copy_in.sh."""

from __future__ import annotations

import os
import stat
import tarfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from kubectl_dshell.domain.cp.archive_safety import DEEPEST, MemberType, UnsafeMember, safe_mode
from kubectl_dshell.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kubectl_dshell.domain.progress import ProgressMeter

_PIECE = 256 * 1024
_NO_FILE = "it is not a file, a directory or a link"


@dataclass(frozen=True, slots=True)
class Size:
    """Of all that is to be sent."""

    files: int
    bytes: int


class ArchiveSource:
    """The files and directories to send. A source that is a symbolic link is followed; links below it are kept."""

    def __init__(self, sources: Sequence[str], refuse: Callable[[str, str], None]) -> None:
        """`refuse` is called with each path that is not sent and the reason; it may raise. Raises NotFound."""
        self._sources = sources
        self._refuse = refuse
        self._buffer = memoryview(bytearray(_PIECE))
        for source in sources:
            try:
                mode = Path(source).stat().st_mode
            except OSError as error:
                raise NotFound(f"{source}: {error.strerror}") from error
            if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
                raise NotFound(f"{source}: not a file or directory")

    @property
    def names(self) -> list[str]:
        """The names in the pod; "." for a source that stands for the contents of a directory."""
        return [_name(source) for source in self._sources]

    def size(self) -> Size:
        """The number of files and bytes, as far as they are readable."""
        files = total = 0
        for size in chain.from_iterable(map(_sizes, self._sources)):
            files, total = files + 1, total + size
        return Size(files, total)

    def send(self, out: BinaryIO, stopped: Callable[[], bool], meter: ProgressMeter) -> None:
        """Write the archive, without its last member if stopped. Raises NotFound for a file that shrinks meanwhile."""
        sender = _Sender(out, self._refuse, self._buffer, stopped, meter, bytearray(), bytearray())
        for number, source in enumerate(self._sources):
            with suppress(OSError):  # reported when it is opened
                status = Path(source).stat()
                meter.expect(status.st_size if stat.S_ISREG(status.st_mode) else None)
            sender.source(_Found(str(number), source, None, source, 0))
        if not stopped():
            for name, repairs in (("times", sender.times), ("modes", sender.modes)):
                if repairs:
                    sender.text(name, repairs)
            sender.text("end", b"")
            out.write(bytes(2 * tarfile.BLOCKSIZE))


@dataclass(frozen=True, slots=True)
class _Found:
    """A local file: `base` in the open directory `at`; `path` is for messages, `name` is the one in the archive."""

    name: str
    base: str
    at: int | None
    path: str
    depth: int

    def open(self, flags: int) -> int:
        """A descriptor; opening a named pipe does not wait for a writer."""
        return os.open(self.base, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | flags, dir_fd=self.at)


@dataclass(frozen=True, slots=True)
class _Sender:
    """The files may be changed concurrently: no link is followed, except the sources themselves."""

    out: BinaryIO
    refuse: Callable[[str, str], None]
    buffer: memoryview
    stopped: Callable[[], bool]
    meter: ProgressMeter
    times: bytearray
    """@SECONDS and name, each NUL-terminated, of links and their directories: busybox tar creates links last."""
    modes: bytearray
    """Mode and name, each NUL-terminated, of directories that their owner cannot write to."""

    def source(self, found: _Found) -> None:
        with self._told(found):
            self._opened(found, found.open(0))

    def entry(self, found: _Found) -> bool:
        """Send one file, or one directory with its contents; returns whether it is a symbolic link."""
        if self.stopped():
            return False
        with self._told(found):
            status = os.stat(found.base, dir_fd=found.at, follow_symlinks=False)
            if stat.S_ISLNK(status.st_mode):
                member = _member(found, status)
                member.type, member.linkname = tarfile.SYMTYPE, os.readlink(found.base, dir_fd=found.at)
                self.header(member)
                self.times.extend(_repair(f"@{member.mtime}", found.name))
                return True
            if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
                raise UnsafeMember(_NO_FILE)
            self._opened(found, found.open(os.O_NOFOLLOW))
        return False

    @contextmanager
    def _told(self, found: _Found) -> Iterator[None]:
        try:
            yield
        except UnsafeMember as why:
            self.refuse(found.path, str(why))
        except BrokenPipeError:
            raise
        except OSError as error:
            self.refuse(found.path, error.strerror or str(error))

    def header(self, member: tarfile.TarInfo) -> None:
        self.out.write(member.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape"))

    def text(self, name: str, data: bytes | bytearray) -> None:
        """Write one of our own files."""
        member = tarfile.TarInfo(name)
        member.size = len(data)
        self.header(member)
        self.out.write(data)
        self.out.write(bytes(-len(data) % tarfile.BLOCKSIZE))

    def _opened(self, found: _Found, descriptor: int) -> None:
        try:
            status = os.fstat(descriptor)
            if stat.S_ISDIR(status.st_mode):
                self._folder(found, descriptor, status)
            elif stat.S_ISREG(status.st_mode):
                self._file(found, descriptor, status)
            else:
                raise UnsafeMember(_NO_FILE)
        finally:
            os.close(descriptor)

    def _folder(self, found: _Found, descriptor: int, status: os.stat_result) -> None:
        """Emitted before and after the entries, whose extraction updates its mtime; modes that block it come last."""
        if found.depth > DEEPEST:
            raise UnsafeMember(f"its path is more than {DEEPEST} directories deep")
        inside, links = sorted(os.listdir(descriptor)), False
        member, wanted = _member(found, status), safe_mode(MemberType.FOLDER, stat.S_IMODE(status.st_mode))
        member.type, member.mode = tarfile.DIRTYPE, wanted | 0o700
        self.header(member)
        for base in inside:
            below = _Found(f"{found.name}/{base}", base, descriptor, f"{found.path}/{base}", found.depth + 1)
            links = self.entry(below) or links
        if links:
            self.times.extend(_repair(f"@{member.mtime}", found.name))
        if member.mode != wanted:
            member.mode = wanted
            self.modes.extend(_repair(f"{wanted:o}", found.name))
        self.header(member)

    def _file(self, found: _Found, descriptor: int, status: os.stat_result) -> None:
        member = _member(found, status)
        member.mode = safe_mode(MemberType.FILE, stat.S_IMODE(status.st_mode))
        member.size = left = status.st_size
        self.header(member)
        while left and not self.stopped():
            count = os.readv(descriptor, [self.buffer[: min(left, _PIECE)]])
            if not count:
                raise NotFound(f"{found.path} shrank while it was being read; nothing was copied")
            self.out.write(self.buffer[:count])
            self.meter.advance(count)
            left -= count
        self.out.write(bytes(-member.size % tarfile.BLOCKSIZE))


def _sizes(source: str) -> Iterator[int]:
    """The size of each file; files that vanish meanwhile are skipped, and reported when they are sent."""
    with suppress(OSError):
        if not Path(source).is_dir():
            yield Path(source).stat().st_size
    for folder, _, names in os.walk(source):
        for name in names:
            with suppress(OSError):
                status = Path(folder, name).lstat()
                yield status.st_size if stat.S_ISREG(status.st_mode) else 0


def _member(found: _Found, status: os.stat_result) -> tarfile.TarInfo:
    member = tarfile.TarInfo(found.name)
    member.mtime = max(0, int(status.st_mtime))
    return member


def _repair(word: str, name: str) -> bytes:
    """One entry for xargs -0."""
    return f"{word}\0{name}\0".encode("utf-8", "surrogateescape")


def _name(source: str) -> str:
    """The last part as written; "." and the root stand for their contents."""
    last = source.rstrip("/").rpartition("/")[2]
    return (Path(source).resolve().name if last == ".." else last) or "."
