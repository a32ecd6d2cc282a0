"""The node's host, for a witness that is not the program under test: this machine, or one that is asked over ssh."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tests.waiting import patient

_ENTRANCE = os.environ.get("DSHELL_E2E_NODE", "")
"""A program that runs its arguments in a shell on the node; empty: the node's processes are this machine's, if any are."""
_LINE = re.compile(rb"^([^\0\n]+)\0(.*\n)", re.MULTILINE)
"""Of what grep prints: the path, and a line of that file."""


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
    files: dict[str, bytes] = {}
    # some have ended meanwhile: grep goes on to the next, tail would end at the first that it cannot read
    for path, line in _LINE.findall(run(f"grep -saHZ '' {' '.join(patterns)} || :")):
        files[path.decode()] = files.get(path.decode(), b"") + line
    return files


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
