"""What a debug container can tell about its target, measured from inside."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

Ids = tuple[int, int, int, int]
"""Real, effective, saved and filesystem id, as in /proc/PID/status."""
_LARGEST_ID = 2**32 - 1  # the kernel's uid_t and gid_t


def parse_id(text: str) -> int | None:
    """The uid or gid that `text` is: decimal ASCII digits, of 32 bits; None for anything else."""
    if not (1 <= len(text) <= 10 and text.isascii() and text.isdecimal()):
        return None
    return number if (number := int(text)) <= _LARGEST_ID else None


class EnterStatus(IntEnum):
    """Exit codes of our own script in an exec; it says nothing on stderr with them."""

    NO_TARGET = 71
    """No process of the target container is visible."""
    ROOT_CLOSED = 72
    """The target's root directory cannot be entered."""
    HOLDER_GONE = 73
    """The debug container is ending: nothing was run."""


class HolderState(StrEnum):
    """What the first process of a debug container of ours is doing, seen from beside it."""

    LISTENS = "listens"
    GONE = "gone"
    """Without a word; what it guarded may still run."""
    UNKNOWN = "unknown"
    """It has just started, or is just ending, or does not say."""


@dataclass(frozen=True, slots=True)
class Facts:
    """One measurement. `pid` is 0, and `uid` and `gid` None, when no process of the target is visible."""

    pid: int
    uid: Ids | None
    gid: Ids | None
    caps: int
    """Permitted capabilities of the target process, a bit each."""
    dumpable: bool | None
    """None: not to be told (always so for a target of UID 0)."""
    root_open: bool
    our_uid: int
    """Effective, like `our_gid`."""
    our_gid: int
    our_caps: int
    """Effective capabilities: the ones the kernel compares with the target's permitted ones."""
    left: int
    """Seconds until the debug container ends whatever happens."""
    holder_alive: bool
