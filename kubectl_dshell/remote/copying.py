"""The language of copy_out.sh and copy_in.sh, which run as a session's command in the app's root."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kubectl_dshell.remote.script import copy_in, copy_out

if TYPE_CHECKING:
    from collections.abc import Sequence

READY = b"ready\n"
INCOMPLETE = 65
NO_FILE = 66
DENIED = 77

_HARMLESS = re.compile(r"tar: .*: file changed as we read it")


def out_argv(patterns: Sequence[str], *, strict: bool) -> list[str]:
    """Writes what the patterns name, as archives; `strict`: what cannot be read is a failure."""
    return ["sh", "-c", copy_out(), "cp", "strict" if strict else "skip", *patterns]


def in_argv(destination: str, temporary: str, names: Sequence[str], *, folder: bool) -> list[str]:
    """Takes an archive; `folder`: the destination has to be a directory."""
    kind = "folder" if folder or len(names) > 1 else "file"
    return ["sh", "-c", copy_in(), "cp", destination, kind, temporary, *names]


def harmless(lines: Sequence[str]) -> bool:
    """Whether GNU tar failed only because files grew: what it wrote is what they were."""
    return bool(lines) and all(_HARMLESS.fullmatch(line) for line in lines)
