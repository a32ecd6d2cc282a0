"""Checks of archive members before extraction, stricter than tarfile's data filter (PEP 706).

An archive from a container holds the app's files, which whoever controls the app has written: it may be malicious.
Symbolic links are created last, after all writes, so that no path can lead through one.
"""

from __future__ import annotations

from enum import StrEnum


class MemberType(StrEnum):
    """The types of tar members that are copied."""

    FILE = "file"
    FOLDER = "folder"
    SYMBOLIC_LINK = "symbolic link"
    HARD_LINK = "hard link"


Parts = tuple[str, ...]

LONGEST_PATH = 4095
"""Bytes of a path, and of a link target: Linux accepts no longer ones (PATH_MAX)."""
DEEPEST = 255
"""Levels of nested directories."""


class UnsafeMember(Exception):
    """A member that is not extracted; the message gives the reason, without the member's name."""


def inner_path(name: str) -> Parts:
    """The parts of a member's path below the source; empty for the source itself. Raises UnsafeMember."""
    _check_length(name, "its path")
    if name.startswith("/"):
        raise UnsafeMember("its path is absolute")
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if len(parts) > DEEPEST:
        raise UnsafeMember(f"its path is more than {DEEPEST} directories deep")
    if ".." in parts:
        raise UnsafeMember("its path leads out of the copy (..)")
    return parts


def safe_mode(kind: MemberType, mode: int) -> int:
    """The permissions to set. Raises UnsafeMember for a setuid or setgid program.

    On a directory these bits only determine the owner of new files: they are dropped.
    """
    if kind is MemberType.FILE and mode & 0o6000:
        raise UnsafeMember("it is a setuid or setgid program")
    return mode & 0o777


def safe_link(path: Parts, target: str, top: str) -> str:
    """The target text of the symbolic link at `path`, in a copy of the app's directory `top` ("/etc").

    An absolute target below `top` becomes relative, so that it points into the copy. Raises UnsafeMember for a link
    that leads out of the copy, or whose target depends on other links (".." after any other part).
    """
    depth = len(path) - 1
    _check_length(target, "its link target")
    if not target:
        raise UnsafeMember("the link has no target")
    if target.startswith("/"):
        inside = _below(target, top)
        if inside is None:
            raise UnsafeMember(f"the link points outside the copied directory ({target})")
        return "/".join([".."] * depth + [part for part in inside.split("/") if part]) or "."
    parts = [part for part in target.split("/") if part not in ("", ".")]
    up = next((number for number, part in enumerate(parts) if part != ".."), len(parts))
    if up > depth or ".." in parts[up:]:
        raise UnsafeMember(f"the link points outside the copied directory ({target})")
    return target


def _check_length(text: str, what: str) -> None:
    length = len(text.encode("utf-8", "surrogateescape"))
    if length > LONGEST_PATH:
        raise UnsafeMember(f"{what} is {length} bytes long (maximum {LONGEST_PATH})")


def _below(target: str, top: str) -> str | None:
    """The part of an absolute path below `top`."""
    parts = [part for part in target.split("/") if part not in ("", ".")]
    above = [part for part in top.split("/") if part]
    if ".." in parts or parts[: len(above)] != above:
        return None
    return "/".join(parts[len(above) :])
