"""The node's host, for a witness that is not the program under test: this machine, or one that is asked over ssh."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tests.waiting import patient

_ENTRANCE = os.environ.get("DSHELL_E2E_NODE", "")
"""A program that runs its arguments in a shell on the node; empty: the node's processes are this machine's, if any are."""
_HEAD = re.compile(rb"^==> (\S+) <==\n", re.MULTILINE)


def read_file(path: str) -> bytes:
    """Of /proc above all; FileNotFoundError or ProcessLookupError for what has ended meanwhile."""
    if not _ENTRANCE:
        return Path(path).read_bytes()
    done = subprocess.run([_ENTRANCE, f"cat {path}"], capture_output=True, timeout=patient(10), check=False)
    if done.returncode:
        raise FileNotFoundError(path, done.stderr)
    return done.stdout


def read_files(*patterns: str) -> dict[str, bytes]:
    """By path: the files, with text in them, that patterns of the shell stand for."""
    if not _ENTRANCE:
        paths = [path for pattern in patterns for path in Path("/").glob(pattern.lstrip("/"))]
        return {str(path): content for path in paths if (content := _local(path))}
    told = run(f"tail -v -n +1 {' '.join(patterns)} 2>/dev/null || :")  # some have ended meanwhile
    _, *pieces = _HEAD.split(told)
    return {path.decode(): text for path, text in zip(pieces[::2], pieces[1::2], strict=True)}


def run(script: str) -> bytes:
    """What a script of the node's shell prints; AssertionError with its own words when it fails."""
    command = [_ENTRANCE, script] if _ENTRANCE else ["sh", "-c", script]
    done = subprocess.run(command, capture_output=True, timeout=patient(10), check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


def _local(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
