"""The protocol of the scripts: messages through a tether, and their replies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kubectl_dshell.domain.access.facts import Facts, HolderState, Ids, parse_id
from kubectl_dshell.domain.debug_container.status import HolderReport
from kubectl_dshell.domain.text.bounds import small_number
from kubectl_dshell.errors import Malformed

if TYPE_CHECKING:
    from kubectl_dshell.domain.app_image.tools import Tools

END = b"end\n"
"""The holder ends now, even with clients."""

LEAVING = b"dshell-leaving"
"""The holder's only line on a tether: its pod is being stopped, and the session goes on for as long as the app does."""
LAPSED = 128 + 10
"""A tether's exit code: its session was silent for too long, and the holder has ended what it ran (SIGUSR1)."""
LAPSED_IDLE = 128 + 12
"""The same, but its command had ended by itself before (SIGUSR2)."""
_SIGNALLED = 128
"""Exit codes from here on may stand for a signal (POSIX, `sh`)."""
_SESSION_ID = re.compile(r"[a-z0-9]{8}")
_MASK = re.compile(r"[0-9a-f]{1,16}")
_LONGEST_LINE = 4096
_LONGEST_TICKS = 15
"""Digits of a time in hundredths of a second since the node's start."""


def has_said_goodbye(code: int) -> bool:
    """Whether a command that began and ended with `code` has said goodbye itself (task.sh)."""
    return code < _SIGNALLED


def beat(session_id: str, seconds: int, at: float | None = None) -> bytes:
    """The session is alive and may be silent for `seconds`.

    They begin at `at`, on a client clock that never stops: a message may take long to arrive.
    """
    said_at = "" if at is None else f" {min(max(int(at), 0), 999_999_999)}"
    return f"beat {checked(session_id)} {_positive(seconds)}{said_at}\n".encode()


def bye(session_id: str) -> bytes:
    """The session is over; the holder ends its remaining processes, and itself after the last session."""
    return f"bye {checked(session_id)}\n".encode()


def keep(seconds: int) -> bytes:
    """Without a session the holder stays for `seconds` from now."""
    return f"keep {_positive(seconds)}\n".encode()


def parse_state(line: str) -> tuple[HolderState, HolderReport | None]:
    """The reply to `exec_script.state_exec`. Another version of the holder, or no reply, gives UNKNOWN or no report."""
    try:
        fact = _words(line, "dshell-state")
    except Malformed:
        return HolderState.UNKNOWN, None
    state = {"ok": HolderState.LISTENS, "gone": HolderState.GONE}.get(fact.get("holder", ""), HolderState.UNKNOWN)
    try:
        live = HolderReport(
            clients=_natural(fact["sessions"]),
            silent=_seconds(fact["silent"]),
            kept=_natural(fact["kept"]),
            left=_seconds(fact["left"]),
        )
    except (KeyError, Malformed):
        live = None
    return state, live if state is HolderState.LISTENS else None


_NOT_SIGNALLED = {
    "blind": "its processes cannot be told apart from others (no cgroup is visible in it)",
    "first": "its first process is PID 1, which no signal from inside can end (it has no --target)",
    "none": "an exec in it runs as a user that may not signal any of its processes",
}


def parse_end(out: str) -> str | None:
    """Why script.end() signalled nothing; empty if it did, None if it did not report."""
    words = [line.split()[1:2] for line in out.splitlines() if line.startswith("dshell-end ")]
    said = [word for [word] in filter(None, words)]
    return _NOT_SIGNALLED.get(said[-1], "") if said else None


def parse_facts(line: str) -> Facts:
    """The first line of a tether. Raises Malformed if it is not one (the shell failed, another script, a forgery)."""
    fact = _words(line, "dshell")
    try:
        seen = fact["pid"] != "0"
        return Facts(
            pid=_natural(fact["pid"]),
            uid=_ids(fact["uid"]) if seen else None,
            gid=_ids(fact["gid"]) if seen else None,
            caps=_mask(fact["caps"]) if seen else 0,
            dumpable={"yes": True, "no": False}.get(fact.get("dumpable", "")),
            root_open=fact.get("root") == "ok",
            our_uid=_id(fact["our_uid"]),
            our_gid=_id(fact["our_gid"]),
            our_caps=_mask(fact["our_caps"]),
            left=_seconds(fact["left"]),
            holder_alive=fact["holder"] in {"ok", "new"},
            holder_waits=fact["holder"] == "new",
            hidden=not seen and fact.get("first") == "closed",
            tools=_tools(fact) if "lends_shell" in fact else None,
        )
    except KeyError as missing:
        raise Malformed(f"no {missing} in the line of facts") from missing


def _tools(fact: dict[str, str]) -> Tools | None:
    """Without the name of its debug container."""
    from kubectl_dshell.domain.app_image.tools import lent

    if not (started := fact.get("lends_started", "")).isdecimal() or len(started) > _LONGEST_TICKS:
        raise Malformed("not a number in a line of dshell")
    texts = [fact.get(f"lends_{name}", "") for name in ("links", "path", "shell", "loader", "libraries")]
    return lent(_natural(fact["lends_holder"]), int(started), *texts)


def _words(line: str, marker: str) -> dict[str, str]:
    """The NAME=VALUE words after `marker`; other words, of a later script, are ignored."""
    first, *words = line[: _LONGEST_LINE + 1].split() or [""]
    if first != marker or len(line) > _LONGEST_LINE:
        raise Malformed(f"not a line of {marker}")
    pairs = [word.split("=", 1) for word in words if "=" in word]
    fact: dict[str, str] = dict(pairs)
    if len(fact) < len(pairs):
        raise Malformed(f"a line of {marker} repeats a name")
    return fact


def _natural(text: str) -> int:
    number = small_number(text)
    if number is None:
        raise Malformed("not a number in a line of dshell")
    return number


def _seconds(text: str) -> int:
    """May be negative: the script computes with whole seconds of two clocks."""
    return -_natural(text[1:]) if text.startswith("-") else _natural(text)


def _mask(text: str) -> int:
    """Capabilities, as in /proc/PID/status."""
    if not _MASK.fullmatch(text):
        raise Malformed("not a mask of capabilities in a line of dshell")
    return int(text, 16)


def _id(text: str) -> int:
    number = parse_id(text)
    if number is None:
        raise Malformed("not a uid or gid in a line of dshell")
    return number


def checked(session_id: str) -> str:
    """All IDs have the same length, as the holder searches for one in an environment without knowing its end."""
    if not _SESSION_ID.fullmatch(session_id):
        raise ValueError(f"a session id is 8 of a-z and 0-9: {session_id!r}")
    return session_id


def _positive(seconds: int) -> int:
    """The holder computes with at most nine digits, and rejects numbers that start with 0."""
    return min(max(seconds, 1), 999_999_999)


def _ids(text: str) -> Ids:
    words = text.split(",")
    if len(words) != 4:
        raise Malformed("not four ids in a line of dshell")
    real, effective, saved, filesystem = map(_id, words)
    return real, effective, saved, filesystem
