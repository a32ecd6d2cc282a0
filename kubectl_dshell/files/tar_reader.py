"""Reads a stream of tar archives sequentially. It is untrusted: everything is bounded."""

from __future__ import annotations

import re
import tarfile
from typing import TYPE_CHECKING

from kubectl_dshell.errors import Truncated

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

_BLOCK = tarfile.BLOCKSIZE
_PIECE = 256 * 1024
_LARGEST_EXTRA = 64 * 1024
"""Bytes of an extension header: a long name, or the fields of a PAX header."""
_MOST_EXTRAS = 8
"""Extension headers of one member; the formats need four."""
_LARGEST_FIELD = 8 * 1024
_LARGEST_GAP = 1024 * 1024
"""Zero bytes between archives: tar pads its output to 10 kB."""
_LARGEST_FILE = 1 << 62
_LATEST = 1 << 33
_NO_DATA = (tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE)
_NAMES = {tarfile.GNUTYPE_LONGNAME: "path", tarfile.GNUTYPE_LONGLINK: "linkpath"}
_PAX = {tarfile.XHDTYPE: True, tarfile.SOLARIS_XHDTYPE: True, tarfile.XGLTYPE: False}
"""PAX headers; global ones, for all members that follow, contain nothing of use."""
_RECORD = re.compile(rb"([1-9][0-9]{0,4}) ([^=\n\0]{1,256})=")
_TIME = re.compile(r"(-?[0-9]{1,18})(\.[0-9]*)?", re.ASCII)
_SIZE = re.compile(r"[0-9]{1,18}", re.ASCII)


class TarReader:
    """Reads forward only. Raises Truncated, and nothing else, for any kind of invalid data."""

    def __init__(self, source: io.BufferedReader) -> None:
        self._source = source
        self._data = 0  # bytes of the last member not yet read
        self._padding = 0  # after them

    def readinto(self, view: memoryview) -> int:
        """Read the next bytes of the last member's data; returns 0 at its end."""
        if not self._data:
            return 0
        count = self._source.readinto(view[: self._data])
        if not count:
            raise Truncated("the archive ended unexpectedly")
        self._data -= count
        return count

    def records(self, fields: int) -> Iterator[list[str]]:
        """The records between the archives, to the end: NUL-terminated strings, `fields` each."""
        while self._skip_zeros():
            yield [self._field() for _ in range(fields)]

    def archive(self) -> Iterator[tarfile.TarInfo]:
        """The members of the next archive; the data of one has to be read before the next is taken.

        A member's `size` is that of its data, its `mtime` is in whole seconds; a sparse file in a tar-specific
        format has the type GNUTYPE_SPARSE.
        """
        extras: list[dict[str, str]] = []
        while block := self._header():
            member = _parsed(block)
            if member.type in _NAMES:
                extras.append({_NAMES[member.type]: _text(self._extra(member).split(b"\0")[0])})
            elif member.type in _PAX:
                data = self._extra(member)
                extras.append(_pax(data) if _PAX[member.type] else {})
            else:
                for extra in extras:
                    _apply(extra, member)
                extras.clear()
                member.size = 0 if member.type in _NO_DATA else member.size
                self._data, self._padding = member.size, -member.size % _BLOCK
                yield member
            if len(extras) > _MOST_EXTRAS:
                raise Truncated("the archive is corrupt: too many headers for one member")
        if extras:
            raise Truncated("the archive is corrupt: a header without a member")

    def _header(self) -> bytes:
        """The next header; empty at the end of the archive."""
        while self._data or self._padding:
            count = len(self._exactly(min(self._data + self._padding, _PIECE)))
            over = max(0, count - self._data)
            self._data, self._padding = max(0, self._data - count), self._padding - over
        block = self._exactly(_BLOCK)
        return block if block.strip(b"\0") else b""

    def _extra(self, member: tarfile.TarInfo) -> bytes:
        if member.size > _LARGEST_EXTRA:
            raise Truncated(f"the archive is corrupt: a header of {member.size} bytes")
        return self._exactly(member.size + -member.size % _BLOCK)[: member.size]

    def _exactly(self, count: int) -> bytes:
        data = self._source.read(count)
        if len(data) < count:
            raise Truncated("the archive ended unexpectedly")
        return data

    def _skip_zeros(self) -> bool:
        skipped = 0
        while data := self._source.peek():
            zeros = len(data) - len(data.lstrip(b"\0"))
            self._source.read(zeros)
            if zeros < len(data):
                return True
            skipped += zeros
            if skipped > _LARGEST_GAP:
                raise Truncated("the received data is not a file list: endless zero bytes")
        return False

    def _field(self) -> str:
        text = b""
        while (end := (data := self._source.peek()).find(b"\0")) < 0:
            text += self._source.read(len(data))
            if not data or len(text) > _LARGEST_FIELD:
                raise Truncated("the received data is not a file list")
        text += self._source.read(end + 1)[:-1]
        if len(text) > _LARGEST_FIELD:
            raise Truncated("the received data is not a file list")
        return _text(text)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _parsed(block: bytes) -> tarfile.TarInfo:
    """One header. Values out of range are clamped."""
    try:
        member = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.TarError, ValueError, OverflowError) as error:
        raise Truncated(f"the archive is corrupt: {error}") from error
    if not 0 <= member.size <= _LARGEST_FILE:
        raise Truncated(f"the archive is corrupt: an invalid size, {member.size}")
    if member.type == tarfile.GNUTYPE_SPARSE and block[482]:  # the number of further extension blocks is unknown
        raise Truncated("the archive has a sparse file in a tar-specific format")
    member.mode &= 0o7777
    member.mtime = min(max(int(member.mtime), 0), _LATEST)
    member.uid, member.gid = (min(max(number, 0), (1 << 32) - 1) for number in (member.uid, member.gid))
    return member


def _pax(data: bytes) -> dict[str, str]:
    """The fields of a PAX header (POSIX, pax): length, space, key=value, newline."""
    fields = {}
    while data.strip(b"\0"):
        record = _RECORD.match(data)
        length = int(record[1]) if record else 0
        if not record or length <= record.end() or data[length - 1 : length] != b"\n":
            raise Truncated("the archive is corrupt: an invalid PAX header")
        fields[_text(record[2])] = _text(data[record.end() : length - 1])
        data = data[length:]
    return fields


def _apply(fields: dict[str, str], member: tarfile.TarInfo) -> None:
    """Apply the fields of an extension header to its member, as far as they are of use."""
    if any("\0" in fields.get(key, "") for key in ("path", "linkpath")):
        raise Truncated("the archive is corrupt: a NUL byte in a name")
    if "path" in fields:
        member.name = fields["path"].rstrip("/") or fields["path"][:1]
    member.linkname = fields.get("linkpath", member.linkname)
    if time := _TIME.fullmatch(fields.get("mtime", "")):
        member.mtime = min(max(int(time[1]), 0), _LATEST)
    elif "mtime" in fields:
        raise Truncated("the archive is corrupt: an invalid time")
    if "size" in fields:
        if not _SIZE.fullmatch(fields["size"]):
            raise Truncated("the archive is corrupt: an invalid size")
        member.size = int(fields["size"])
    if any(key.startswith("GNU.sparse.") for key in fields):
        member.type = tarfile.GNUTYPE_SPARSE
