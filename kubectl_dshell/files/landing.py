"""Where a copy comes down: beside its place first, in its place when all of it is there."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kubectl_dshell.errors import CutShort, OutputFailed
from kubectl_dshell.files.feed import Feed
from kubectl_dshell.files.holes import Writer
from kubectl_dshell.files.moves import Conflict, moves
from kubectl_dshell.files.unpack import Unpacker

if TYPE_CHECKING:
    import io
    from collections.abc import Callable

    from kubectl_dshell.domain.meter import Meter

_RECORD = 4  # "source", file or folder, name, where it is


@dataclass(frozen=True, slots=True)
class _Staged:
    temporary: Path
    final: Path


class Landing:
    """What `cp` does with its last word: a directory gets the sources, else it is the new name of the only one."""

    def __init__(self, destination: str, *, many: bool) -> None:
        """Raises OutputFailed where nothing could land, before anything is fetched."""
        self._staged: list[_Staged] = []
        place = Path(os.path.realpath(destination))
        self._into = place if place.is_dir() else None
        self._place = place
        if self._into is None:
            if many or destination.endswith("/"):
                raise OutputFailed(f"{destination} is not a directory")
            if place.exists() and not place.is_file():
                raise OutputFailed(f"{destination} is neither a file nor a directory")
            if not place.parent.is_dir():
                raise OutputFailed(f"cannot write {destination}: there is no directory {place.parent}")
        folder = self._into or place.parent
        if not os.access(folder, os.W_OK | os.X_OK):
            raise OutputFailed(f"cannot write into {folder}: Permission denied")

    def receive(self, source: io.BufferedReader, refuse: Callable[[str, str], None], meter: Meter) -> None:
        """Unpack everything beside its place. Raises CutShort, OutputFailed, and what `refuse` raises."""
        feed = Feed(source)
        unpacker = Unpacker(feed, Writer(feed, meter), refuse)
        for _, kind, name, top in feed.records(_RECORD):
            temporary = self._stage(name)
            try:
                if kind == "folder":
                    meter.expect(None)
                    unpacker.folder(name, top, temporary)
                else:
                    unpacker.file(name, temporary)
            except FileExistsError as error:
                raise OutputFailed(f"cannot write {temporary}: {error.strerror}") from error

    def commit(self) -> None:
        """Put everything in its place; looks for obstacles before anything is touched."""
        staged = [one for one in self._staged if os.path.lexists(one.temporary)]
        try:
            for one in staged:
                for _ in moves(one.temporary, one.final):
                    pass
            for one in staged:
                for source, target in moves(one.temporary, one.final):
                    _rename(source, target)
        except Conflict as obstacle:
            raise OutputFailed(f"cannot write {obstacle}: a directory and a file cannot replace each other") from None
        except OSError as error:
            raise OutputFailed(f"cannot write {error.filename2 or error.filename}: {error.strerror}") from error

    def discard(self) -> None:
        """Remove what is not in its place, as far as that can be done."""
        for one in self._staged:
            with contextlib.suppress(OSError):
                if one.temporary.is_dir():
                    _remove(one.temporary)
                else:
                    one.temporary.unlink(missing_ok=True)

    def _stage(self, name: str) -> Path:
        if name in ("", "..") or "/" in name:
            raise CutShort(f"what came is no list of files: {name!r}")
        final = self._place if self._into is None else self._into / name
        if any(final == one.final for one in self._staged):
            raise OutputFailed(f"two of the sources would become {final}")
        folder = final if final.is_dir() and not final.is_symlink() else final.parent
        short = os.fsdecode(os.fsencode(final.name)[:200])
        temporary = folder / f".{short}.dshell-{secrets.token_hex(4)}"
        self._staged.append(_Staged(temporary, final))
        return temporary


def _remove(folder: Path) -> None:
    """One that is not writable can only be emptied by root."""
    for inner, names, _ in os.walk(folder):
        for path in (Path(inner, name) for name in [".", *names]):
            if not path.is_symlink():
                path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _rename(source: Path, target: Path) -> None:
    """A directory that changes its parent has to be writable, since its `..` is written."""
    mode = source.lstat().st_mode
    fixed = stat.S_ISDIR(mode) and not mode & stat.S_IWUSR
    if fixed:
        source.chmod(mode | stat.S_IWUSR)
    source.replace(target)
    if fixed:
        target.chmod(mode)
