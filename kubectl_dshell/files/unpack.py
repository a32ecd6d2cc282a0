"""From a feed into a private place on the disk: nothing of it can be outside, nothing of it is used yet."""

from __future__ import annotations

import os
import tarfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kubectl_dshell.domain.member import Kind, Refused, inner_path, safe_link, safe_mode
from kubectl_dshell.errors import CutShort, OutputFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kubectl_dshell.files.feed import Feed
    from kubectl_dshell.files.holes import Writer

_KINDS = {
    tarfile.REGTYPE: Kind.FILE,
    tarfile.AREGTYPE: Kind.FILE,
    tarfile.DIRTYPE: Kind.FOLDER,
    tarfile.SYMTYPE: Kind.SYMBOLIC_LINK,
    tarfile.LNKTYPE: Kind.HARD_LINK,
}
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
_LATEST = 2**33
_Parts = tuple[str, ...]


class Unpacker:
    """Takes one archive after the other out of a feed."""

    def __init__(self, feed: Feed, writer: Writer, refuse: Callable[[str, str], None]) -> None:
        """`refuse` hears of each member that is not extracted: its name, and why; it may raise."""
        self._feed = feed
        self._writer = writer
        self._refuse = refuse

    def file(self, name: str, place: Path) -> None:
        """The one file of the next archive becomes `place`."""
        made = False
        for member in self._feed.archive():
            if made:
                raise CutShort(f"more than the one file {name} came")
            made = True
            try:
                if _kind(member) is Kind.FILE:
                    self._writer.expect(member.size)
                    self._file(member, place)
                else:
                    self._refuse(name, "not a file any more")
            except Refused as why:
                self._refuse(name, str(why))

    def folder(self, name: str, top: str, place: Path) -> None:
        """The next archive becomes the directory `place`; the app has it as `top` ("/etc")."""
        with _disk(place):
            place.mkdir(0o700)
        tree = _Tree(place, top)
        for member in self._feed.archive():
            try:
                self._member(tree, member)
            except Refused as why:
                self._refuse(f"{name}/{member.name.removeprefix('./')}", str(why))
        tree.finish(lambda link, why: self._refuse(f"{name}/{'/'.join(link)}", why))

    def _member(self, tree: _Tree, member: tarfile.TarInfo) -> None:
        path, kind = inner_path(member.name), _kind(member)
        if not path and kind is not Kind.FOLDER:
            raise Refused("not a directory")
        try:
            match kind:
                case Kind.FILE:
                    self._file(member, tree.place.joinpath(*path))
                case Kind.FOLDER:
                    tree.folder(path, safe_mode(kind, member.mode), _time(member))
                case Kind.SYMBOLIC_LINK:
                    tree.links[path] = (safe_link(path, member.linkname, tree.top), _time(member))
                case Kind.HARD_LINK:
                    tree.hard_link(path, inner_path(member.linkname))
        except FileExistsError as error:
            raise Refused("a name that is there already") from error
        except (FileNotFoundError, NotADirectoryError) as error:
            raise Refused("a name below what is no directory") from error

    def _file(self, member: tarfile.TarInfo, place: Path) -> None:
        mode = safe_mode(Kind.FILE, member.mode)
        with _disk(place):
            descriptor = os.open(place, _NEW, 0o600)
            try:
                self._writer.write(descriptor, member.size)
                os.fchmod(descriptor, mode)
                os.utime(descriptor, (_time(member),) * 2)
            finally:
                os.close(descriptor)


class _Tree:
    """A directory in the making."""

    def __init__(self, place: Path, top: str) -> None:
        self.place = place
        self.top = top
        self.links: dict[_Parts, tuple[str, int]] = {}
        self._folders: list[tuple[Path, int, int]] = []

    def folder(self, path: _Parts, mode: int, time: int) -> None:
        place = self.place.joinpath(*path)
        if path:
            with _disk(place):
                place.mkdir(0o700)
        self._folders.append((place, mode, time))

    def hard_link(self, path: _Parts, target: _Parts) -> None:
        if target in self.links:
            self.links[path] = (safe_link(path, self.links[target][0], self.top), self.links[target][1])
            return
        source = self.place.joinpath(*target)
        if not source.is_file():  # there are no symbolic links yet
            raise Refused(f"a hard link to what is not in the copy ({'/'.join(target)})")
        with _disk(source):
            os.link(source, self.place.joinpath(*path), follow_symlinks=False)

    def finish(self, refuse: Callable[[_Parts, str], None]) -> None:
        """The links, then what writing would have changed: modes and times of directories, the deepest first."""
        for path, (target, time) in self.links.items():
            place = self.place.joinpath(*path)
            with _disk(place):
                try:
                    place.symlink_to(target)
                except (FileExistsError, FileNotFoundError, NotADirectoryError):
                    refuse(path, "a link in the place of something else")
                else:
                    os.utime(place, (time, time), follow_symlinks=False)
        for place, mode, time in reversed(self._folders):
            with _disk(place):
                os.utime(place, (time, time))
                place.chmod(mode)


def _kind(member: tarfile.TarInfo) -> Kind:
    if member.size < 0:
        raise CutShort("the archive is broken: a size below zero")
    kind = _KINDS.get(member.type)
    if kind is None:
        special = {tarfile.CHRTYPE: "a device", tarfile.BLKTYPE: "a device", tarfile.FIFOTYPE: "a named pipe"}
        raise Refused(special.get(member.type, f"tar's type {member.type!r}, which is not copied"))
    return kind


def _time(member: tarfile.TarInfo) -> int:
    return min(max(int(member.mtime), 0), _LATEST)


@contextmanager
def _disk(place: Path) -> Iterator[None]:
    """Names the file that could not be written; what says that a member is not as it should be passes through."""
    try:
        yield
    except (FileExistsError, FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        raise OutputFailed(f"cannot write {place}: {error.strerror}") from error
