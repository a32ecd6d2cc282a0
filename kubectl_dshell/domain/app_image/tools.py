"""The shell and tools that a debug container of the app's image borrows from another one, the lender.

Both run as the same user in the same PID namespace, so the lender's root directory is open to the other:
/proc/PID/root (proc_pid_root(5)), with PID that of its holder.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from kubectl_dshell.domain.pod.copied import TOOLS_FOLDER

if TYPE_CHECKING:
    from collections.abc import Sequence

_PATH = r"(?:/[\w.+-]+)+/?"
_PATHS = rf"{_PATH}(?::{_PATH})*"
_NAME = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
_PID = r"[1-9][0-9]{0,8}"
_TICKS = r"[0-9]{1,15}"
_STAMP = rf"({_NAME}) ({_PID}) ({_TICKS}) ([./]) ({_PATHS})"
_LIBRARY_PATH = "--library-path"


class Tools(NamedTuple):
    """Where they are, as the lender sees it. `path` and `libraries` are lists of directories, joined by colons."""

    lender: str
    """Its name in the pod."""
    holder: int
    """The PID of its holder; 0 without a lender (MOUNTED)."""
    started: int
    """When that started (proc_pid_stat(5), starttime), which tells it from a later process of the same PID."""
    links_lead_away: bool
    """Whether its links are absolute, as in Alpine: from outside they lead into another image."""
    path: str
    shell: str
    loader: str = ""
    """The dynamic loader of the shell (ld.so(8)); empty if it is linked statically."""
    libraries: str = ""

    @property
    def is_mounted(self) -> bool:
        """Whether they are in a volume of the pod's own, which is a copy of another pod."""
        return not self.holder

    @property
    def root(self) -> str:
        return TOOLS_FOLDER if self.is_mounted else f"/proc/{self.holder}/root"

    @property
    def applet(self) -> str:
        """The multi-call program (busybox, toybox) as which the shell was started; empty if it is a shell alone."""
        is_multi = re.match(r"(busybox|toybox)", self.shell.rpartition("/")[2])
        return self.root + self.shell if is_multi else ""

    @property
    def loader_words(self) -> tuple[str, ...]:
        """The words before the path of one of its programs."""
        return (self.root + self.loader, _LIBRARY_PATH, self._inside(self.libraries)) if self.loader else ()

    @property
    def shell_words(self) -> tuple[str, ...]:
        """The words that start the shell."""
        return (*self.loader_words, self.root + self.shell, *(["sh"] if self.applet else []))

    @property
    def search_path(self) -> str:
        """Its directories with programs, as they are seen from outside."""
        return self._inside(self.path)

    @property
    def stamp(self) -> str:
        """With the words of the shell it is all there is to know. The first three words are for remote/holder.sh."""
        if self.is_mounted:
            return TOOLS_FOLDER
        return f"{self.lender} {self.holder} {self.started} {'/' if self.links_lead_away else '.'} {self.path}"

    def _inside(self, folders: str) -> str:
        return ":".join(self.root + folder for folder in folders.split(":"))


def parse_tools(stamp: str, command: Sequence[str]) -> Tools | None:
    """The tools that an entry claims to use, by its stamp and its `command`; None if that is not of this version."""
    if stamp == TOOLS_FOLDER:
        return checked(MOUNTED, command)
    found = re.fullmatch(_STAMP, stamp, re.ASCII)
    if found is None:
        return None
    lender, holder, started, links, path = found.groups()
    root = f"/proc/{holder}/root"
    loader, libraries, words = "", "", list(command)
    if words[1:2] == [_LIBRARY_PATH]:
        loader, libraries = words[0].removeprefix(root), "".join(words[2:3]).replace(root, "")
        words = words[3:]
    shell = words[0].removeprefix(root) if words else ""
    return checked(Tools(lender, int(holder), int(started), links == "/", path, shell, loader, libraries), command)


MOUNTED = Tools("", 0, 0, False, "/bin", "/bin/busybox")  # noqa: FBT003  # shell= looks like that of a subprocess
"""One static program with its links, in an image that is mounted at TOOLS_FOLDER."""


def lent(holder: int, started: int, links: str, path: str, shell: str, loader: str, libraries: str) -> Tools | None:
    """What a lender has measured; None unless all of it can be used. Its name is not known here."""
    found = Tools("", holder, started, links == "absolute", path, shell, loader, libraries)
    return None if found.is_mounted else checked(found)


def checked(tools: Tools, command: Sequence[str] | None = None) -> Tools | None:
    """`tools` if each of its numbers and paths is one, and its shell is what `command` starts."""
    forms = [(_PATHS, tools.path), (_PATH, tools.shell)]
    if not tools.is_mounted:
        forms += [(_PID, str(tools.holder)), (_TICKS, str(tools.started))]
    if tools.loader or tools.libraries:
        forms += [(_PATH, tools.loader), (_PATHS, tools.libraries)]
    if not all(re.fullmatch(form, text, re.ASCII) for form, text in forms):
        return None
    return tools if command is None or tuple(command[: len(tools.shell_words)]) == tools.shell_words else None
