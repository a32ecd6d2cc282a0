"""Parses the end message of a holder (holder.sh), found in status.terminated.message, for messages to people.

The app can write there, too: a forged one has no effect but a message and, once, another debug container.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from kubectl_dshell.domain.text.bounds import one_line


class EndReason(Enum):
    """The reasons for an end that matter to the client of a session."""

    NOBODY_CAME = auto()
    """The first message of the session that it was made for did not arrive in time: nothing was run."""
    SILENCE = auto()
    """No heartbeat arrived for a whole lease, and the processes of the session were ended."""
    STOPPED = auto()
    """The node stopped its pod."""
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class EndMessage:
    end: EndReason
    text: str
    """The predicate of a sentence that starts with its name."""


_KNOWN = (
    (r"ended after [0-9]{1,9} s without its first client", EndReason.NOBODY_CAME, ""),
    (r"ended after [0-9]{1,9} s without a client", EndReason.SILENCE, ""),
    (r"ended by the cluster", EndReason.STOPPED, "was stopped by its node"),
    (r"ended by a client", EndReason.OTHER, "was ended by kubectl dshell cleanup (by a user or the janitor)"),
)


def parse_end_message(message: str) -> EndMessage | None:
    """None if there is none: a holder that was killed leaves the numbers that it keeps there while it runs."""
    said = one_line(message)
    if not said or said.replace(" ", "").isdigit():
        return None
    for pattern, end, text in _KNOWN:
        if re.fullmatch(pattern, said):
            return EndMessage(end, text or said)
    return EndMessage(EndReason.OTHER, said)
