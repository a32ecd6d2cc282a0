"""Builds a directory tree. Links are created last, after all writes, so that no path leads through one."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kubectl_dshell.domain.cp.archive_safety import Parts, UnsafeMember, safe_link
from kubectl_dshell.errors import OutputFailed
from kubectl_dshell.files.folders import NO_FOLDER, descend, mode_of, set_attributes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
MOST_KEPT = 24 * 1024 * 1024
"""Bytes of memory for data kept until the end: links, and the times and modes of directories."""
_ENTRY = 400  # overhead of the interpreter for each
_UNFIT = (errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL)


class Tree:
    """Built below a descriptor, which stays open until `close`. All methods raise UnsafeMember and OutputFailed."""

    def __init__(self, descriptor: int, name: str, place: str) -> None:
        """`name` in the pod and `place` on this machine are for messages."""
        self.name = name
        self.place = place
        self.top: tuple[int, int] | None = None
        """Mode and time of the top directory, set when it is moved to its place: until then only we can access it."""
        self.shared = False  # several sources are merged: a directory may occur again
        self._descriptor = descriptor
        self._links: dict[bytes, tuple[bytes, int]] = {}
        self._folders: dict[bytes, tuple[int, int]] = {}
        self._kept = 0
        self._parent: tuple[Parts, int] | None = None  # of the last file, since the next is often in the same directory

    def file(self, path: Parts) -> int:
        """Create an empty file; returns its descriptor."""
        with self._within(path) as at:
            return os.open(path[-1], NEW_FILE, 0o600, dir_fd=at)

    def folder(self, path: Parts, mode: int, time: int) -> None:
        """Create a directory or, for an empty `path`, note the top's attributes. They are set at the end."""
        if not path:
            self.top = (mode, time)
            return
        key = self._key(path)
        if key not in self._folders:
            self._keep(len(key))
        with self._within(path) as at:
            if not (self.shared and stat.S_ISDIR(mode_of(path[-1], at) or 0)):
                os.mkdir(path[-1], 0o700, dir_fd=at)
        self._folders[key] = (mode, time)

    def link(self, path: Parts, target: str, time: int, top: str) -> None:
        """Note a symbolic link in a copy of the app's directory `top`, to be created at the end."""
        key, text = self._key(path), self._key((safe_link(path, target, top),))
        if key in self._links:
            raise UnsafeMember("its name already exists")
        self._keep(len(key) + len(text))
        self._links[key] = (text, time)

    def hard_link(self, path: Parts, target: Parts, top: str) -> None:
        """Create another name for a file; for a link, note an equivalent link."""
        if waiting := self._links.get(self._key(target)):
            self.link(path, os.fsdecode(waiting[0]), waiting[1], top)
            return
        with self._within(target) as source:
            if not target or not stat.S_ISREG(mode_of(target[-1], source) or 0):
                raise UnsafeMember(f"it is a hard link to a file outside the copy ({'/'.join(target)})")
            held = os.dup(source)
        try:
            with self._within(path) as at:
                os.link(target[-1], path[-1], src_dir_fd=held, dst_dir_fd=at, follow_symlinks=False)
        finally:
            os.close(held)

    def finish(self, refuse: Callable[[str, str], None]) -> None:
        """Create the links, then set the modes and times of directories, which writes would change, deepest first.

        `refuse` is called for each link that is not created.
        """
        for key, (target, time) in self._links.items():
            path = tuple(os.fsdecode(key).split("/"))
            try:
                self._make_link(path, target, time)
            except UnsafeMember as why:
                refuse("/".join((self.name, *path)), str(why))
        for key, (mode, time) in reversed(self._folders.items()):
            parts = tuple(os.fsdecode(key).split("/"))
            with self._disk(parts):
                descriptor = descend(self._descriptor, parts)
                try:
                    set_attributes(descriptor, (mode, time))
                finally:
                    os.close(descriptor)
        self._links.clear()
        self._folders.clear()

    def close(self) -> None:
        self._forget()
        os.close(self._descriptor)

    def _make_link(self, path: Parts, target: bytes, time: int) -> None:
        if any(self._key(path[:length]) in self._links for length in range(1, len(path))):
            raise UnsafeMember("its path leads through a link")
        with self._within(path) as at:
            os.symlink(target, os.fsencode(path[-1]), dir_fd=at)
            os.utime(path[-1], (time, time), dir_fd=at, follow_symlinks=False)

    @contextmanager
    def _within(self, path: Parts) -> Iterator[int]:
        """The parent directory of `path`; errors of the kernel become UnsafeMember or OutputFailed."""
        with self._disk(path):
            if self._parent is None or self._parent[0] != path[:-1]:
                self._forget()
                self._parent = (path[:-1], descend(self._descriptor, path[:-1]))
            yield self._parent[1]

    def _forget(self) -> None:
        if self._parent is not None:
            os.close(self._parent[1])
            self._parent = None

    @contextmanager
    def _disk(self, path: Parts) -> Iterator[None]:
        try:
            yield
        except UnicodeEncodeError as error:
            raise UnsafeMember("its name cannot be encoded in this locale") from error
        except FileExistsError as error:
            raise UnsafeMember("its name already exists") from error
        except OSError as error:
            if error.errno in NO_FOLDER:
                raise UnsafeMember("its parent is not a directory") from error
            if error.errno in _UNFIT:
                raise UnsafeMember(f"its name is not valid on this file system ({error.strerror})") from error
            raise OutputFailed(f"cannot write {'/'.join((self.place, *path))}: {error.strerror}") from error

    def _key(self, path: Parts) -> bytes:
        try:
            return os.fsencode("/".join(path))
        except UnicodeEncodeError as error:
            raise UnsafeMember("its name cannot be encoded in this locale") from error

    def _keep(self, count: int) -> None:
        self._kept += count + _ENTRY
        if self._kept > MOST_KEPT:
            raise UnsafeMember("too many links and directories in one copy")
