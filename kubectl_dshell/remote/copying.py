"""The language of copy_out.sh and copy_in.sh, which run as a session's command in the app's root."""

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
    """Runs what comes on stdin, up to an empty line; a shell reads a pipe a byte at a time, and leaves what is behind.

    So the request line is short whatever is copied: proxies take 8 kB of one, which is where an exec has its words.
    """
    return ["sh", "-c", _START, "cp"]


def send_out(patterns: Sequence[str], *, strict: bool) -> bytes:
    """Writes what the patterns name, as archives; `strict`: what cannot be read is a failure."""
    return _text(copy_out(), "strict" if strict else "skip", *patterns)


def take_in(destination: str, temporary: str, names: Sequence[str], *, folder: bool) -> bytes:
    """Takes the archive that follows; `folder`: the destination has to be a directory."""
    return _text(copy_in(), destination, "folder" if folder or len(names) > 1 else "file", temporary, *names)


def _text(script: str, *words: str) -> bytes:
    """The script behind its words. It has no empty lines, and neither have they."""
    quoted = (shlex.quote(word).replace("\n", "'\"$n\"'") for word in words)
    return f"set -- {' '.join(quoted)}\n{script}\n".encode("utf-8", "surrogateescape")


def harmless(lines: Sequence[str]) -> bool:
    """Whether GNU tar failed only because files grew: what it wrote is what they were."""
    return bool(lines) and all(_HARMLESS.fullmatch(line) for line in lines)
