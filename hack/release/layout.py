"""Where things are, which files a release has, and the date that all of it has."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from .process import ReleaseError, run

TOP = Path(__file__).parents[2]
PACKAGE = TOP / "kubectl_dshell"
_NO_DATE = "1580601600"  # hatchling's


def version() -> str:
    text = (PACKAGE / "__init__.py").read_text(encoding="utf-8")
    return str(re.findall(r'^__version__ = "(.+)"$', text, re.MULTILINE)[0])


def source_date_epoch() -> str:
    """The time of the last commit, in seconds: the same files give the same bytes on every machine, at any time."""
    if "SOURCE_DATE_EPOCH" in os.environ:
        return os.environ["SOURCE_DATE_EPOCH"]
    try:
        return run("git", "log", "-1", "--format=%ct", cwd=TOP).strip()
    except (ReleaseError, OSError):  # no git, or a copy without its history
        return _NO_DATE


def sources(*folders: str) -> set[str]:
    """The files in these folders, relative to the top, without what git ignores."""
    found = (path for folder in folders for path in (TOP / folder).rglob("*") if path.is_file())
    return {path.relative_to(TOP).as_posix() for path in found if path.suffix != ".pyc"}


def uncommitted() -> list[str]:
    """What differs from the last commit, whose date the files would have. Raises ReleaseError without git."""
    return run("git", "status", "--porcelain", cwd=TOP).splitlines()


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
