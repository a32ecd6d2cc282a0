"""Merges one tree into another, file by file."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from kubectl_dshell.files.folders import make_writable, mode_of, open_folder, opened


class Conflict(Exception):
    """The path of an obstacle."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A name in an open directory; `path` is for messages."""

    at: int
    name: str
    path: str

    def inside(self, at: int, name: str) -> Spot:
        return Spot(at, name, f"{self.path}/{name}")


def merge(source: Spot, target: Spot, *, act: bool) -> None:
    """Move `source` to `target` or, without `act`, check whether that is possible.

    A directory is merged into an existing one. Links are never followed: an existing link is replaced by a file, and
    conflicts with a directory. Nobody else may write to `source`. Raises Conflict and OSError.
    """
    coming, there = mode_of(source.name, source.at), mode_of(target.name, target.at)
    if there is None or not _folder(coming):
        if _folder(there):
            raise Conflict(target.path)
        if act:
            _rename(source, target, folder=_folder(coming))
    elif not _folder(there):
        raise Conflict(target.path)
    else:
        make_writable(source.name, source.at)
        with opened(source.name, source.at) as inner, opened(target.name, target.at, read=False) as outer:
            merge_all(source, inner, target, outer, act=act)


def merge_all(source: Spot, inner: int, target: Spot, outer: int, *, act: bool) -> None:
    """The same for all entries of the open directory `inner` (`source`), into `outer` (`target`)."""
    for name in os.listdir(inner):
        merge(source.inside(inner, name), target.inside(outer, name), act=act)


def _folder(mode: int | None) -> bool:
    return mode is not None and stat.S_ISDIR(mode)


def _rename(source: Spot, target: Spot, *, folder: bool) -> None:
    """A directory that moves to another parent has to be writable, because its `..` is updated."""
    fixed = make_writable(source.name, source.at) if folder else None
    descriptor = None if fixed is None else open_folder(source.name, source.at)
    try:
        os.rename(source.name, target.name, src_dir_fd=source.at, dst_dir_fd=target.at)
        if descriptor is not None and fixed is not None:
            os.fchmod(descriptor, fixed)
    except OSError as error:
        raise OSError(error.errno, error.strerror, target.path) from error
    finally:
        if descriptor is not None:
            os.close(descriptor)
