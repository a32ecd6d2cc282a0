"""The user's key on this machine: a private file, created together with the first debug container."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from kubectl_dshell.domain.debug_container.seal import KEY_BYTES, Key

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = "kubectl-dshell/key"
_DIGITS = 2 * KEY_BYTES
_FORM = re.compile(rb"[0-9a-f]{%d}\n?" % _DIGITS)
_FLAGS = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # do not block on a FIFO in its place


class KeyFile:
    """$XDG_STATE_HOME/kubectl-dshell/key (~/.local/state), read once; thread-safe. `trouble`: why there is no key.

    `refused`: the file exists but cannot be trusted.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.trouble = ""
        self.refused = False
        self.told = False
        self._path = _path(environ)
        self._lock = threading.Lock()
        self._key: Key | None = None
        self._missing: bool | None = None
        """Whether there is no file, but one could be created; None until it has been looked for."""

    def key(self, *, make: bool = False) -> Key | None:
        """The key, if there is one that can be trusted. `make`: create it if it does not exist."""
        with self._lock:
            if self._missing is None:
                self._read()
            if make and self._missing:
                self._make()
            return self._key

    def _read(self) -> None:
        self._missing, self.trouble = False, ""
        if self._path is None:
            self.trouble = "there is no place for a key: neither XDG_STATE_HOME nor HOME is an absolute path"
            return
        try:
            found, content = _look(self._path)
        except FileNotFoundError:
            self._missing, self.trouble = True, "no key has been created on this machine yet"
            return
        except OSError as error:
            self._refuse(f"cannot be read: {error.strerror}")
            return
        if why := _wrong(found, content):
            self._refuse(why)
        else:
            self._key = Key(bytes.fromhex(content.decode()))

    def _refuse(self, why: str) -> None:
        self.refused, self.trouble = True, f"{self._path} {why}"

    def _make(self) -> None:
        """Create it atomically, never replacing another: of two concurrent runs, both use the first one's."""
        path = self._path or Path()
        temporary = path.with_name(f"key.{os.urandom(8).hex()}")
        try:
            _make_folder(path.parent)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(f"{os.urandom(KEY_BYTES).hex()}\n".encode())
                    file.flush()
                    os.fsync(descriptor)
                with contextlib.suppress(FileExistsError):
                    path.hardlink_to(temporary)
            finally:
                temporary.unlink()
        except OSError as error:
            self._missing, self.trouble = False, f"{path} cannot be created: {error.strerror}"
            return
        self._read()


def _make_folder(folder: Path) -> None:
    """Raises PermissionError for root in another user's home (sudo), who could not use a file owned by root."""
    there = next(one for one in folder.parents if one.exists())
    if os.geteuid() == 0 != there.stat().st_uid:
        raise PermissionError(0, f"{there} belongs to another user")
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def _path(environ: Mapping[str, str]) -> Path | None:
    """As in the XDG Base Directory Specification: relative paths are ignored."""
    state, home = Path(environ.get("XDG_STATE_HOME", "")), Path(environ.get("HOME", ""))
    if state.is_absolute():
        return state / _NAME
    return home / ".local/state" / _NAME if home.is_absolute() else None


def _look(path: Path) -> tuple[os.stat_result, bytes]:
    """The status of the file and its first bytes."""
    descriptor = os.open(path, os.O_RDONLY | _FLAGS)
    try:
        found = os.fstat(descriptor)
        return found, os.read(descriptor, _DIGITS + 2) if stat.S_ISREG(found.st_mode) else b""
    finally:
        os.close(descriptor)


def _wrong(found: os.stat_result, content: bytes) -> str:
    """Why it cannot be trusted: others may know it, or may have planted it."""
    if not stat.S_ISREG(found.st_mode):
        return "is not a regular file"
    if found.st_uid != os.geteuid():
        return "belongs to another user"
    if found.st_mode & 0o077:
        return f"is accessible to other users (mode {stat.S_IMODE(found.st_mode):04o}; fix it with chmod 600)"
    return "" if _FORM.fullmatch(content) else f"is not {_DIGITS} hexadecimal digits"
