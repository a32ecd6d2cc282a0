"""What the holder of a debug container said when it ended: status.terminated.message (holder.sh), for people.

The app may write there too: nothing but a message comes of it, and once another debug container.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from kubectl_dshell.domain.text.bounds import one_line


class EndReason(Enum):
    """The ends that mean something to who was in a session."""

    NOBODY_CAME = auto()
    """The first word of the session that it was made for did not reach it in time: nothing was run."""
    SILENCE = auto()
    """No word of a session reached it for a whole lease, and what the session ran was ended."""
    STOPPED = auto()
    """The node stopped its pod."""
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class EndMessage:
    end: EndReason
    text: str
    """What happened to it, behind its name."""


_KNOWN = (
    (r"ended after [0-9]{1,9} s without its first client", EndReason.NOBODY_CAME, ""),
    (r"ended after [0-9]{1,9} s without a client", EndReason.SILENCE, ""),
    (r"ended by the cluster", EndReason.STOPPED, "was stopped by its node"),
    (r"ended by a client", EndReason.OTHER, "was ended by kubectl dshell cleanup (by a user or the janitor)"),
)


def parse_end_message(message: str) -> EndMessage | None:
    """None where it said nothing: it was killed, and there stand the numbers that it keeps while it lives."""
    said = one_line(message)
    if not said or said.replace(" ", "").isdigit():
        return None
    for pattern, end, text in _KNOWN:
        if re.fullmatch(pattern, said):
            return EndMessage(end, text or said)
    return EndMessage(EndReason.OTHER, said)
