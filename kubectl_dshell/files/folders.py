"""Directories held open: a name in one means what is in it, whatever others do to its path meanwhile.

No function here goes through a symbolic link. Paths below a directory are the parts of a name, each a name of its own.
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
"""What the kernel says of a name below something that is not a directory."""


def open_folder(name: str, at: int | None = None, *, read: bool = True) -> int:
    """A descriptor of the directory `name` in `at`, for names in it or also to `read` it.

    Raises OSError, with one of NO_FOLDER where it is not one.
    """
    return os.open(name, _FOLDER | (os.O_RDONLY if read else _PLACE), dir_fd=at)


@contextlib.contextmanager
def opened(name: str, at: int, *, read: bool = True) -> Iterator[int]:
    """The directory `name` in `at`, while it is needed."""
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
    """Type and permissions of what has that name itself; None where nothing has it."""
    try:
        return os.stat(name, dir_fd=at, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return None


def identity(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino


def set_attributes(descriptor: int, attributes: tuple[int, int]) -> None:
    """The mode and the time (seconds) of what is open."""
    mode, time = attributes
    os.utime(descriptor, (time, time))
    os.fchmod(descriptor, mode)


def make_writable(name: str, at: int) -> int | None:
    """What only its owner can reach into: the directory `name` can be read and changed now; its mode, if it was not."""
    mode = stat.S_IMODE(os.stat(name, dir_fd=at, follow_symlinks=False).st_mode)
    if mode & _ALL == _ALL:
        return None
    os.chmod(name, mode | _ALL, dir_fd=at)
    return mode


def empty(descriptor: int) -> None:
    """Remove all that is in a directory nobody else can reach into, as far as that can be done."""
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
