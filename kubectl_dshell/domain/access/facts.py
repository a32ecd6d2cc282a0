"""Facts about the target, measured from inside a debug container."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kubectl_dshell.domain.app_image.tools import Tools

Ids = tuple[int, int, int, int]
"""Real, effective, saved and filesystem id, as in /proc/PID/status."""
_LARGEST_ID = 2**32 - 1  # the kernel's uid_t and gid_t


def parse_id(text: str) -> int | None:
    """`text` as a uid or gid: decimal ASCII digits, 32 bits; None for anything else."""
    if not (1 <= len(text) <= 10 and text.isascii() and text.isdecimal()):
        return None
    return number if (number := int(text)) <= _LARGEST_ID else None


class EnterStatus(IntEnum):
    """Exit codes of a session's start (session.sh), which writes nothing to stderr when it ends with one of them."""

    NO_TARGET = 71
    """No process of the target container is visible."""
    ROOT_CLOSED = 72
    """The target's root directory cannot be entered."""
    HOLDER_GONE = 73
    """The debug container is ending: nothing was run."""


class HolderState(StrEnum):
    """State of the holder, as seen by another process in the debug container."""

    LISTENS = "listens"
    GONE = "gone"
    """It ended without a message; the processes it guarded may still run."""
    UNKNOWN = "unknown"
    """It is starting or ending, or its state cannot be determined."""


class Facts(NamedTuple):
    """One measurement. `pid` is 0, and `uid` and `gid` None, when no process of the target is visible."""

    pid: int
    uid: Ids | None
    gid: Ids | None
    caps: int
    """Permitted capabilities of the target process, a bit each."""
    dumpable: bool | None
    """None if it cannot be determined (always so for a target of UID 0)."""
    root_open: bool
    our_uid: int
    """Effective, like `our_gid`."""
    our_gid: int
    our_caps: int
    """Effective capabilities: the kernel compares them with the permitted ones of the target."""
    left: int
    """Seconds until the debug container ends in any case (--ttl)."""
    holder_alive: bool
    holder_waits: bool = False
    """The first process has no text yet (remote `exec_script.program`)."""
    hidden: bool = False
    """No process of the target is visible, and a security module forbids to look at the first one."""
    tools: Tools | None = None
    """How to run its tools from another container, if that was asked and can be done."""
