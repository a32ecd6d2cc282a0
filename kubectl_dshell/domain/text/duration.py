"""Durations in kubectl's format."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kubectl_dshell.domain.text.bounds import one_line

if TYPE_CHECKING:
    from datetime import timedelta

LONGEST = 999_999_999
"""Seconds, some 31 years: within the arithmetic of the holder's shell and of datetime."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def age(duration: timedelta) -> str:
    """kubectl's short form (apimachinery `duration.HumanDuration`): 45s, 3m, 5h, 9d."""
    seconds = max(0, int(duration.total_seconds()))
    if seconds < 120:
        return f"{seconds}s"
    minutes = seconds // 60
    if minutes < 10:
        return f"{minutes}m{seconds % 60}s" if seconds % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    hours = minutes // 60
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    return f"{hours // 24}d"


def parse_duration(text: str, most: int = LONGEST) -> int:
    """Seconds of a Go-style duration (90, 90s, 5m, 1h30m, 2d); raises ValueError with the reason for anything else."""
    if not re.fullmatch(r"\d+|(\d+[smhd])+", text, re.ASCII):
        raise ValueError(f"{text!r} is not a duration; for example: 90s, 5m, 1h30m")
    parts = re.findall(r"0*(\d+)([smhd]?)", text)
    seconds = LONGEST + 1
    if all(len(number) <= len(str(LONGEST)) for number, _ in parts):
        seconds = sum(int(number) * _UNITS[unit or "s"] for number, unit in parts)
    if seconds > most:
        raise ValueError(f"{one_line(text, 32)!r} is too long; the maximum is {most}s")
    return seconds


def duration(seconds: int) -> str:
    """The inverse of parse_duration, shortest exact form: 8h, 1h30m, 50s."""
    parts = []
    for unit in ("d", "h", "m", "s"):
        number, seconds = divmod(seconds, _UNITS[unit])
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts) or "0s"
