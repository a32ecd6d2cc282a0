"""Operations on open directories, which stay the same whatever happens to their paths meanwhile.

No function here follows a symbolic link. A path below a directory is a sequence of names.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FOLDER = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_PLACE = getattr(os, "O_PATH", os.O_RDONLY)
_ALL = stat.S_IRWXU
NO_FOLDER = (errno.ENOTDIR, errno.ENOENT, errno.ELOOP)
"""The errors of the kernel for a name below something that is not a directory."""


def open_folder(name: str, at: int | None = None, *, read: bool = True) -> int:
    """A descriptor of the directory `name` in `at`; `read` allows listing it, too.

    Raises OSError, with an errno in NO_FOLDER if it is not a directory.
    """
    return os.open(name, _FOLDER | (os.O_RDONLY if read else _PLACE), dir_fd=at)


@contextlib.contextmanager
def opened(name: str, at: int, *, read: bool = True) -> Iterator[int]:
    """The directory `name` in `at`, closed at the end."""
    descriptor = open_folder(name, at, read=read)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def descend(top: int, parts: Sequence[str]) -> int:
    """A descriptor of the directory `parts` below `top`."""
    descriptor = os.dup(top)
    try:
        for part in parts:
            inner = open_folder(part, descriptor)
            os.close(descriptor)
            descriptor = inner
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def mode_of(name: str, at: int) -> int | None:
    """Type and permissions of the file `name`, without following a link; None if there is none."""
    try:
        return os.stat(name, dir_fd=at, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return None


def identity(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino


def set_attributes(descriptor: int, attributes: tuple[int, int]) -> None:
    """Set the mode and the time (seconds) of an open file."""
    mode, time = attributes
    os.utime(descriptor, (time, time))
    os.fchmod(descriptor, mode)


def make_writable(name: str, at: int) -> int | None:
    """Give the owner full access to a directory nobody else can reach; the previous mode, if it was changed."""
    mode = stat.S_IMODE(os.stat(name, dir_fd=at, follow_symlinks=False).st_mode)
    if mode & _ALL == _ALL:
        return None
    os.chmod(name, mode | _ALL, dir_fd=at)
    return mode


def empty(descriptor: int) -> None:
    """Remove the contents of a directory that nobody else can reach, as far as possible."""
    with contextlib.suppress(OSError):
        os.fchmod(descriptor, _ALL)
    for name in os.listdir(descriptor):
        with contextlib.suppress(OSError):
            if stat.S_ISDIR(mode_of(name, descriptor) or 0):
                make_writable(name, descriptor)
                with opened(name, descriptor) as inner:
                    empty(inner)
                os.rmdir(name, dir_fd=descriptor)
            else:
                os.unlink(name, dir_fd=descriptor)
