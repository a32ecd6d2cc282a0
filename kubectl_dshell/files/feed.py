"""A stream of tar archives, read once from the front."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

from kubectl_dshell.errors import CutShort

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

_BLOCK = tarfile.BLOCKSIZE
_LARGEST_HEADER = 1024 * 1024
_LARGEST_FIELD = 8 * 1024


class Feed:
    """What tarfile reads from: moves forward only. Data of members goes through `readinto`, past tarfile."""

    def __init__(self, source: io.BufferedReader) -> None:
        self._source = source
        self._pushed = b""
        self._at = 0

    def tell(self) -> int:
        return self._at

    def seek(self, position: int) -> int:
        while self._at < position:
            self._skip(min(position - self._at, _LARGEST_HEADER))
        return self._at

    def read(self, size: int) -> bytes:
        """For headers. Long names come in headers as long as they like: not with us."""
        if size > _LARGEST_HEADER:
            raise CutShort(f"the archive has a header of {size} bytes")
        data, self._pushed = self._pushed, b""
        data += self._source.read(size - len(data))
        self._at += len(data)
        return data

    def readinto(self, view: memoryview) -> int:
        count = self._source.readinto(view)
        self._at += count
        return count

    def records(self, fields: int) -> Iterator[list[str]]:
        """What stands between archives, to the end: texts that end with a zero byte, `fields` at a time."""
        while self._skip_zeros():
            yield [self._field() for _ in range(fields)]

    def archive(self) -> Iterator[tarfile.TarInfo]:
        """The members of the archive that begins here; whoever takes one reads its data before the next."""
        tar: tarfile.TarFile | None = None
        self._at = 0
        while not self._at_the_end(tar.offset if tar else 0):
            try:
                tar = tar or tarfile.TarFile(fileobj=self, encoding="utf-8", errors="surrogateescape")  # type: ignore[arg-type]  # all it uses
                member = tar.next()
            except tarfile.TarError as error:
                raise CutShort(f"the archive is broken: {error}") from error
            if member is None:
                raise CutShort("the archive is broken: not a header")
            tar.members.clear()  # type: ignore[attr-defined]  # it keeps them all, and is not typed
            yield member

    def _at_the_end(self, position: int) -> bool:
        self.seek(position)
        block = self.read(_BLOCK)
        if len(block) < _BLOCK:
            raise CutShort("the archive ended early")
        if not block.strip(b"\0"):
            return True
        self._pushed, self._at = block, self._at - _BLOCK
        return False

    def _skip(self, count: int) -> None:
        if not self.read(count):
            raise CutShort("the archive ended early")

    def _skip_zeros(self) -> bool:
        while data := self._source.peek():
            zeros = len(data) - len(data.lstrip(b"\0"))
            self._source.read(zeros)
            if zeros < len(data):
                return True
        return False

    def _field(self) -> str:
        text = b""
        while (end := (data := self._source.peek()).find(b"\0")) < 0:
            text += self._source.read(len(data))
            if not data or len(text) > _LARGEST_FIELD:
                raise CutShort("what came is no list of files")
        text += self._source.read(end + 1)[:-1]
        return text.decode("utf-8", "surrogateescape")
