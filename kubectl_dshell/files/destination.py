"""Which place a destination means: its symbolic links are followed once, here, and none is afterwards."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_MOST_LINKS = 40


def followed(destination: str) -> Path:
    """The absolute path of `destination`, without links; what does not exist stays as it is written.

    As Linux has it with fs.protected_symlinks, whatever its setting: in a directory where everybody may write (/tmp) a
    link is followed only if it is ours or the directory's owner's. Raises OSError for any other, and for a circle.
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
