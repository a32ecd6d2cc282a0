"""The destination of a copy: everything is staged beside its final place, and moved there once complete."""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from kubectl_dshell.domain.cp.requested_names import RequestedNames
from kubectl_dshell.errors import OutputFailed
from kubectl_dshell.files.destination import followed
from kubectl_dshell.files.folders import NO_FOLDER, empty, identity, mode_of, open_folder, set_attributes
from kubectl_dshell.files.merge import Conflict, Spot, merge, merge_all
from kubectl_dshell.files.sparse import SparseWriter
from kubectl_dshell.files.tar_reader import TarReader
from kubectl_dshell.files.tree import NEW_FILE, Tree
from kubectl_dshell.files.unpack import Unpacker

if TYPE_CHECKING:
    import io
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from kubectl_dshell.domain.cp.copy_spec import RemotePath
    from kubectl_dshell.domain.progress import ProgressMeter

_RECORD = 4  # "source", file or folder, name, path in the app
_CONTENTS = "."


@dataclass(slots=True)
class _Staged:
    """One received source, named `temporary` in the destination directory or in the directory it is merged into."""

    name: str
    temporary: str
    inside: bool
    made: tuple[int, int] | None = None
    """Identity of the directory created here: somebody may replace it by another."""
    top: tuple[int, int] | None = None
    """Mode and time that it gets in its final place."""
    placed: bool = False


class Staging:
    """Like the last argument of `cp`: a directory that receives the sources, or the new name of a single one."""

    def __init__(self, destination: str, sources: Sequence[RemotePath]) -> None:
        """Raises OutputFailed for an unusable destination, before anything is fetched."""
        self.missing: list[str] = []
        self._staged: dict[str, _Staged] = {}
        self._turns = RequestedNames(sources)
        self._shared: Tree | None = None
        try:
            place, into = _place(destination, many=len(sources) > 1)
        except OSError as error:
            raise OutputFailed(f"cannot write {destination}: {error.strerror}") from error
        self._path = into or place.parent
        self._rename = None if into else place.name
        if not os.access(self._path, os.W_OK | os.X_OK):
            raise OutputFailed(f"cannot write to {self._path}: Permission denied")
        with _disk(self._path):
            self._folder = open_folder(str(self._path), read=False)

    def receive(self, source: io.BufferedReader, refuse: Callable[[str, str], None], meter: ProgressMeter) -> None:
        """Unpack everything beside its final place.

        Raises Truncated, OutputFailed, Forbidden for a name that was not requested, and what `refuse` raises.
        """
        feed = TarReader(source)
        unpacker = Unpacker(feed, SparseWriter(feed, meter), refuse)
        for _, kind, name, top in feed.records(_RECORD):
            self._turns.take(name, kind)
            if kind == "file":
                one = self._stage(name)
                if not unpacker.file(name, partial(self._new_file, one)):
                    self.missing.append(name)
            elif name == _CONTENTS:
                meter.expect(None)
                tree = self._shared = self._shared or self._tree(self._stage(name))
                unpacker.folder(name, top, tree)
                tree.shared = True
            else:
                meter.expect(None)
                one = self._stage(name)
                with contextlib.closing(self._tree(one)) as tree:
                    unpacker.folder(name, top, tree)
                    tree.finish(refuse)
                    one.top = tree.top
        if self._shared is not None:
            self._shared.finish(refuse)
            self._staged[self._rename or _CONTENTS].top = self._shared.top
        self._turns.end()

    def commit(self) -> None:
        """Move everything to its final place, after a check for conflicts."""
        try:
            for act in (False, True):
                for one in self._staged.values():
                    self._place(one, act=act)
        except Conflict as obstacle:
            raise OutputFailed(f"cannot write {obstacle}: a directory and a file cannot replace each other") from None
        except OSError as error:
            raise OutputFailed(f"cannot write {error.filename or self._path}: {error.strerror}") from error

    def discard(self) -> None:
        """Remove everything that is not in its final place, as far as possible."""
        if self._shared is not None:
            self._shared.close()
            self._shared = None
        for one in self._staged.values():
            if not one.placed:
                with contextlib.suppress(OSError), self._beside(one) as at:
                    self._remove(one, at)
        os.close(self._folder)

    def _place(self, one: _Staged, *, act: bool) -> None:
        with self._beside(one) as at:
            if mode_of(one.temporary, at) is None:
                return  # it was refused, and left out
            source, target = Spot(at, one.temporary, str(self._path)), self._target(one.name)
            with contextlib.nullcontext(-1) if one.made is None else _same(one, at) as inner:
                if one.name == _CONTENTS and self._rename is None:
                    self._check_names(inner)
                    merge_all(source, inner, Spot(self._folder, ".", str(self._path)), self._folder, act=act)
                    return
                merge(source, target, act=act)
                one.placed = act and mode_of(one.temporary, at) is None
                if one.placed and one.top is not None:
                    set_attributes(inner, one.top)

    def _check_names(self, contents: int) -> None:
        """The contents of a directory may contain a name that is also a source of its own."""
        for final in self._staged:
            if final != _CONTENTS and mode_of(final, contents) is not None:
                raise OutputFailed(f"two sources would be written to {self._path / final}")

    def _target(self, name: str) -> Spot:
        final = self._rename or name
        return Spot(self._folder, final, f"{self._path}/{final}")

    def _stage(self, name: str) -> _Staged:
        final = self._rename or name
        if final in self._staged:
            raise OutputFailed(f"two sources would be written to {self._path / final}")
        with _disk(self._path / final):
            inside = name != _CONTENTS and stat.S_ISDIR(mode_of(final, self._folder) or 0)
        short = os.fsdecode(os.fsencode(final)[:200])
        one = self._staged[final] = _Staged(name, f".{short}.dshell-{os.urandom(4).hex()}", inside)
        return one

    def _new_file(self, one: _Staged) -> int:
        with _disk(self._path / one.temporary), self._beside(one) as at:
            return os.open(one.temporary, NEW_FILE, 0o600, dir_fd=at)

    def _tree(self, one: _Staged) -> Tree:
        with _disk(self._path / one.temporary), self._beside(one) as at:
            os.mkdir(one.temporary, 0o700, dir_fd=at)
            descriptor = open_folder(one.temporary, at)
            one.made = identity(descriptor)
            return Tree(descriptor, one.name, str(self._path / one.name))

    @contextlib.contextmanager
    def _beside(self, one: _Staged) -> Iterator[int]:
        """The directory that holds `one`: a directory that it is merged into may be a mount point."""
        if not one.inside:
            yield self._folder
            return
        descriptor = open_folder(self._rename or one.name, self._folder, read=False)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _remove(self, one: _Staged, at: int) -> None:
        if one.made is None:
            os.unlink(one.temporary, dir_fd=at)
            return
        with _same(one, at) as inner:
            empty(inner)
        os.rmdir(one.temporary, dir_fd=at)


def _place(destination: str, *, many: bool) -> tuple[Path, Path | None]:
    """The resolved destination, and the same again if it is a directory. Raises OutputFailed and OSError."""
    place = followed(destination)
    if place.is_dir():
        return place, place
    if many or destination.endswith("/"):
        raise OutputFailed(f"{destination} is not a directory")
    if place.exists() and not place.is_file():
        raise OutputFailed(f"{destination} is neither a file nor a directory")
    if not place.parent.is_dir():
        raise OutputFailed(f"cannot write {destination}: no such directory: {place.parent}")
    return place, None


@contextlib.contextmanager
def _same(one: _Staged, at: int) -> Iterator[int]:
    """The directory created here; raises FileNotFoundError if another one has replaced it."""
    descriptor = open_folder(one.temporary, at)
    try:
        if identity(descriptor) != one.made:
            raise FileNotFoundError(2, "another process has changed it", one.temporary)
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _disk(place: Path) -> Iterator[None]:
    try:
        yield
    except UnicodeEncodeError as error:
        raise OutputFailed(f"cannot write {place}: its name cannot be encoded in this locale") from error
    except OSError as error:
        why = "another process has changed it" if error.errno in NO_FOLDER else error.strerror
        raise OutputFailed(f"cannot write {place}: {why}") from error
