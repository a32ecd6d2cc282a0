"""From this machine's disk into an archive for copy_in.sh."""

from __future__ import annotations

import os
import stat
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from kubectl_dshell.domain.member import Kind, Refused, safe_mode
from kubectl_dshell.errors import NoTarget

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kubectl_dshell.domain.meter import Meter

_PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Size:
    files: int
    bytes: int


class Luggage:
    """The files and directories that are to be sent. A source that is a symbolic link is followed, others are kept."""

    def __init__(self, sources: Sequence[str], refuse: Callable[[str, str], None]) -> None:
        """`refuse` hears of what is not sent, and why; it may raise. Raises NoTarget where there is no such file."""
        self._sources = sources
        self._refuse = refuse
        self._buffer = memoryview(bytearray(_PIECE))
        for source in sources:
            try:
                mode = Path(source).stat().st_mode
            except OSError as error:
                raise NoTarget(f"{source}: {error.strerror}") from error
            if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
                raise NoTarget(f"{source}: neither a file nor a directory")

    @property
    def names(self) -> list[str]:
        """As they will be called; "." for what is only the contents of a directory."""
        return [_name(source) for source in self._sources]

    def size(self) -> Size:
        """How much it is, as far as it can be seen."""
        files = total = 0
        for source in self._sources:
            if not Path(source).is_dir():
                files, total = files + 1, total + Path(source).stat().st_size
            for folder, _, names in os.walk(source):
                for name in names:
                    status = Path(folder, name).lstat()
                    files, total = files + 1, total + (status.st_size if stat.S_ISREG(status.st_mode) else 0)
        return Size(files, total)

    def send(self, out: BinaryIO, stopped: Callable[[], bool], meter: Meter) -> None:
        """Write the archive; without its last member when stopped. Raises NoTarget where a file cannot be read."""
        sender = _Sender(out, self._refuse, self._buffer, stopped, meter, [], [])
        for number, source in enumerate(self._sources):
            status = Path(source).stat()
            meter.expect(status.st_size if stat.S_ISREG(status.st_mode) else None)
            sender.entry(str(number), source, status)
        if not stopped():
            for name, repairs in (("times", sender.times), ("modes", sender.modes)):
                if repairs:
                    sender.text(name, b"".join(repairs))
            sender.text("end", b"")
            out.write(bytes(2 * tarfile.BLOCKSIZE))


@dataclass(frozen=True, slots=True)
class _Sender:
    out: BinaryIO
    refuse: Callable[[str, str], None]
    buffer: memoryview
    stopped: Callable[[], bool]
    meter: Meter
    times: list[bytes]
    """@SECONDS and name, each with a zero byte, of links and what they are in: busybox tar makes them last."""
    modes: list[bytes]
    """Mode and name, each with a zero byte, of the directories that their owner cannot write into."""

    def entry(self, name: str, path: str, status: os.stat_result) -> None:
        """One file, or one directory with all that is below it."""
        if self.stopped():
            return
        member = tarfile.TarInfo(name)
        member.mtime = max(0, int(status.st_mtime))
        try:
            if stat.S_ISREG(status.st_mode):
                self._file(member, path)
            elif stat.S_ISDIR(status.st_mode):
                self._folder(member, path, stat.S_IMODE(status.st_mode))
            elif stat.S_ISLNK(status.st_mode):
                member.type, member.linkname = tarfile.SYMTYPE, str(Path(path).readlink())
                self.header(member)
                self.times.append(_repair(f"@{member.mtime}", name))
            else:
                self.refuse(path, "neither a file nor a directory nor a link")
        except Refused as why:
            self.refuse(path, str(why))
        except BrokenPipeError:
            raise
        except OSError as error:
            self.refuse(path, error.strerror or str(error))

    def header(self, member: tarfile.TarInfo) -> None:
        self.out.write(member.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape"))

    def text(self, name: str, data: bytes) -> None:
        """A file of ours."""
        member = tarfile.TarInfo(name)
        member.size = len(data)
        self.header(member)
        self.out.write(data + bytes(-len(data) % tarfile.BLOCKSIZE))

    def _folder(self, member: tarfile.TarInfo, path: str, mode: int) -> None:
        """Twice, since what is put in changes its time. tar may make it once only: a mode in its way comes later."""
        with os.scandir(path) as entries:
            inside = sorted(entries, key=lambda entry: entry.name)
        wanted = safe_mode(Kind.FOLDER, mode)
        member.type, member.mode = tarfile.DIRTYPE, wanted | 0o700
        self.header(member)
        for entry in inside:
            self.entry(f"{member.name}/{entry.name}", entry.path, entry.stat(follow_symlinks=False))
        if any(entry.is_symlink() for entry in inside):
            self.times.append(_repair(f"@{member.mtime}", member.name))
        if member.mode != wanted:
            member.mode = wanted
            self.modes.append(_repair(f"{wanted:o}", member.name))
        self.header(member)

    def _file(self, member: tarfile.TarInfo, path: str) -> None:
        with Path(path).open("rb", buffering=0) as file:
            status = os.fstat(file.fileno())
            member.mode = safe_mode(Kind.FILE, stat.S_IMODE(status.st_mode))
            member.size = left = status.st_size
            self.header(member)
            while left and not self.stopped():
                count = file.readinto(self.buffer[: min(left, _PIECE)])
                if not count:
                    raise NoTarget(f"{path} became shorter while it was read; nothing was copied")
                self.out.write(self.buffer[:count])
                self.meter.advance(count)
                left -= count
        self.out.write(bytes(-member.size % tarfile.BLOCKSIZE))


def _repair(word: str, name: str) -> bytes:
    """For xargs -0."""
    return f"{word}\0{name}\0".encode("utf-8", "surrogateescape")


def _name(source: str) -> str:
    """The last part as it was written: "." and the root stand for what is in them."""
    last = source.rstrip("/").rpartition("/")[2]
    return (Path(source).resolve().name if last == ".." else last) or "."
