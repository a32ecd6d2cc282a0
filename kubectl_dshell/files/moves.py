"""How a tree becomes part of another one, file by file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Conflict(Exception):
    """What stands in the way."""


def moves(source: Path, target: Path) -> Iterator[tuple[Path, Path]]:
    """The renames that make `source` be at `target`: one, unless both are directories. Raises Conflict.

    A link is never followed: one that is there is replaced by a file, and in the way of a directory.
    """
    if not os.path.lexists(target):
        yield source, target
    elif not _is_folder(source):
        if target.is_dir() and not target.is_symlink():
            raise Conflict(target)
        yield source, target
    elif not _is_folder(target):
        raise Conflict(target)
    else:
        with os.scandir(source) as entries:
            names = [entry.name for entry in entries]
        for name in names:
            yield from moves(source / name, target / name)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()
