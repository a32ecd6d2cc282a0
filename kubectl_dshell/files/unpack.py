"""Unpacks archives into a private staging place: nothing is written outside it, and nothing is in use yet."""

from __future__ import annotations

import os
import tarfile
from typing import TYPE_CHECKING

from kubectl_dshell.domain.cp.archive_safety import MemberType, UnsafeMember, inner_path, safe_mode
from kubectl_dshell.errors import OutputFailed, Truncated

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_dshell.files.sparse import SparseWriter
    from kubectl_dshell.files.tar_reader import TarReader
    from kubectl_dshell.files.tree import Tree

_KINDS = {
    tarfile.REGTYPE: MemberType.FILE,
    tarfile.AREGTYPE: MemberType.FILE,
    tarfile.DIRTYPE: MemberType.FOLDER,
    tarfile.SYMTYPE: MemberType.SYMBOLIC_LINK,
    tarfile.LNKTYPE: MemberType.HARD_LINK,
}
_SPECIAL = {
    tarfile.CHRTYPE: "it is a device",
    tarfile.BLKTYPE: "it is a device",
    tarfile.FIFOTYPE: "it is a named pipe",
    tarfile.GNUTYPE_SPARSE: "it is a sparse file in a tar-specific format",
}


class Unpacker:
    """Unpacks one archive after another from a TarReader."""

    def __init__(self, feed: TarReader, writer: SparseWriter, refuse: Callable[[str, str], None]) -> None:
        """`refuse` is called with the name of each member that is not extracted and the reason; it may raise."""
        self._feed = feed
        self._writer = writer
        self._refuse = refuse

    def file(self, name: str, create: Callable[[], int]) -> bool:
        """Extract the only file of the next archive, named `name` in messages; `create` returns its descriptor.

        False if the archive is empty.
        """
        made = False
        for member in self._feed.archive():
            if made:
                raise Truncated(f"received more than the one file {name}")
            made = True
            try:
                mode = _file_mode(member)
            except UnsafeMember as why:
                self._refuse(name, str(why))
            else:
                self._writer.expect(member.size)
                self._write(name, create(), member, mode)
        return made

    def folder(self, name: str, top: str, tree: Tree) -> None:
        """Extract the next archive into `tree`; it is `top` in the app ("/etc")."""
        for member in self._feed.archive():
            try:
                self._member(tree, member, top)
            except UnsafeMember as why:
                self._refuse(f"{name}/{member.name.removeprefix('./')}", str(why))

    def _member(self, tree: Tree, member: tarfile.TarInfo, top: str) -> None:
        path, kind, time = inner_path(member.name), _kind(member), int(member.mtime)
        if not path and kind is not MemberType.FOLDER:
            raise UnsafeMember("it is not a directory")
        match kind:
            case MemberType.FILE:
                mode = safe_mode(kind, member.mode)
                self._write(f"{tree.place}/{member.name}", tree.file(path), member, mode)
            case MemberType.FOLDER:
                tree.folder(path, safe_mode(kind, member.mode), time)
            case MemberType.SYMBOLIC_LINK:
                tree.link(path, member.linkname, time, top)
            case MemberType.HARD_LINK:
                tree.hard_link(path, inner_path(member.linkname), top)

    def _write(self, name: str, descriptor: int, member: tarfile.TarInfo, mode: int) -> None:
        try:
            self._writer.write(descriptor, member.size)
            os.fchmod(descriptor, mode)
            os.utime(descriptor, (int(member.mtime),) * 2)
        except OSError as error:
            raise OutputFailed(f"cannot write {name}: {error.strerror}") from error
        finally:
            os.close(descriptor)


def _file_mode(member: tarfile.TarInfo) -> int:
    if _kind(member) is not MemberType.FILE:
        raise UnsafeMember("it is no longer a file")
    return safe_mode(MemberType.FILE, member.mode)


def _kind(member: tarfile.TarInfo) -> MemberType:
    kind = _KINDS.get(member.type)
    if kind is None:
        raise UnsafeMember(_SPECIAL.get(member.type, f"it is a tar member of unsupported type {member.type!r}"))
    return kind
