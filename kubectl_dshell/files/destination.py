"""Resolves a destination: its symbolic links are followed once, here, and never again."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_MOST_LINKS = 40


def followed(destination: str) -> Path:
    """The absolute path of `destination` without links; a part that does not exist stays as it is.

    Applies the rule of fs.protected_symlinks regardless of that setting: in a sticky world-writable directory (/tmp) a
    link is followed only if it belongs to the user or to the directory's owner. Raises OSError for others and loops.
    """
    found, left, links = Path("/"), _reversed(os.path.join(os.getcwd(), destination)), 0  # noqa: PTH109, PTH118  # keeps ".."
    while left:
        part = left.pop()
        if part == "..":
            found = found.parent
            continue
        inner = found / part
        status = _status(inner)
        if status is None or not stat.S_ISLNK(status.st_mode):
            found = inner
            continue
        links += 1
        if links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(inner))
        if not _trusted(status, found.stat()):
            raise OSError(
                errno.EACCES, "a symbolic link owned by another user, in a world-writable directory", str(inner)
            )
        target = str(inner.readlink())
        left += _reversed(target)
        if target.startswith("/"):
            found = Path("/")
    return found


def _reversed(path: str) -> list[str]:
    return [part for part in reversed(path.split("/")) if part not in ("", ".")]


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _trusted(link: os.stat_result, folder: os.stat_result) -> bool:
    everybodys = folder.st_mode & stat.S_ISVTX and folder.st_mode & stat.S_IWOTH
    return not everybodys or link.st_uid in (os.geteuid(), folder.st_uid)
