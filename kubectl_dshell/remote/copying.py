"""The protocol of copy_out.sh and copy_in.sh, which run as a session's command in the app's root."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from kubectl_dshell.remote.script import copy_in, copy_out

if TYPE_CHECKING:
    from collections.abc import Sequence

READY = b"ready\n"
INCOMPLETE = 65
NO_FILE = 66
DENIED = 77

_HARMLESS = re.compile(r"tar: .*: file changed as we read it")


_START = """n='
' text=
while IFS= read -r line; do [ "$line" ] || { eval "$text"; exit; }; text=$text$line$n; done; exit 65"""


def argv() -> list[str]:
    """Runs the script on stdin, up to an empty line; a shell reads a pipe byte by byte, so the rest stays unread.

    This keeps the request line, which carries an exec's arguments, short: proxies accept only 8 kB of it.
    """
    return ["sh", "-c", _START, "cp"]


def send_out(patterns: Sequence[str], *, strict: bool) -> bytes:
    """Sends the files that match the patterns, as archives; `strict`: an unreadable file is a failure."""
    return _text(copy_out(), "strict" if strict else "skip", *patterns)


def take_in(destination: str, temporary: str, names: Sequence[str], *, folder: bool) -> bytes:
    """Receives the archive that follows; `folder`: the destination has to be a directory."""
    return _text(copy_in(), destination, "folder" if folder or len(names) > 1 else "file", temporary, *names)


def _text(script: str, *words: str) -> bytes:
    """The script after its arguments. Neither contains an empty line."""
    quoted = (shlex.quote(word).replace("\n", "'\"$n\"'") for word in words)
    return f"set -- {' '.join(quoted)}\n{script}\n".encode("utf-8", "surrogateescape")


def harmless(lines: Sequence[str]) -> bool:
    """Whether GNU tar failed only because files changed while being read: the archive has their earlier content."""
    return bool(lines) and all(_HARMLESS.fullmatch(line) for line in lines)
