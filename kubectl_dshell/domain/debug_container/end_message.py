"""Parses the end message of a holder (holder.sh), found in status.terminated.message, for messages to people.

The app can write there, too: a forged one has no effect but a message and, once, another debug container.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import NamedTuple

from kubectl_dshell.domain.text.bounds import one_line


class EndReason(Enum):
    """The reasons for an end that matter to the client of a session."""

    NOBODY_CAME = auto()
    """The first message of the session that it was created for did not arrive in time: nothing was run."""
    SILENCE = auto()
    """No heartbeat arrived for a whole lease, and the processes of the session were ended."""
    STOPPED = auto()
    """The node stopped its pod."""
    OTHER = auto()


class EndMessage(NamedTuple):
    end: EndReason
    text: str
    """The predicate of a sentence that starts with its name."""


_KNOWN = (
    (r"ended after [0-9]{1,9} s without its first client", EndReason.NOBODY_CAME, ""),
    (r"ended after [0-9]{1,9} s without a client", EndReason.SILENCE, ""),
    (r"ended by the cluster", EndReason.STOPPED, "was stopped by its node"),
    (r"ended by a client", EndReason.OTHER, "was ended by kubectl dshell cleanup (run by a user or the janitor)"),
)


def termination_message(message: str) -> str:
    """The termination message; empty if it only has what a holder keeps there while it runs: numbers, or "PID new"."""
    return "" if message.removesuffix(" new").replace(" ", "").isdigit() else message


def parse_end_message(message: str) -> EndMessage | None:
    """None if there is none, as after a holder that was killed."""
    said = termination_message(one_line(message))
    if not said:
        return None
    for pattern, end, text in _KNOWN:
        if re.fullmatch(pattern, said):
            return EndMessage(end, text or said)
    return EndMessage(EndReason.OTHER, said)
