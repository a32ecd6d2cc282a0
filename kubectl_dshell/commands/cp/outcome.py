"""Files that were not copied, and the reasons."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from kubectl_dshell.domain.text.bounds import one_line
from kubectl_dshell.errors import Forbidden, NotFound, Truncated, Unavailable
from kubectl_dshell.remote import copying

if TYPE_CHECKING:
    from kubectl_dshell.commands.ports import Notices, Ports
    from kubectl_dshell.commands.request import OpenRequest
    from kubectl_dshell.domain.stream import Piped

_TOLD = 20
_LINE = 1024  # characters of a line from the other side; a path has up to 4095
INCOMPLETE = 1
"""The exit code if the other side could not read or write everything."""
_NO_TOOL = re.compile(
    r"[\w./-]+: (?:(?:line )?\d+: )?(?:exec: )?(tar|readlink|mkdir|mv|rm|chmod|ls): (?:command )?not found"
    r"|not copied: another user than the app's needs (mv -T), which the debug image lacks"
)
"""What busybox, dash and bash say, and copy_in.sh, as a whole line: the names of files are in the messages, too."""
_SKIP = "Skip files that cannot be copied: --skip-failed"


class Skipped:
    """Files that are refused: the first one ends the copy, unless refused files are to be skipped."""

    def __init__(self, *, skip: bool) -> None:
        self._skip = skip
        self._lines: list[str] = []
        self._count = 0

    def add(self, name: str, why: str) -> None:
        name, why = one_line(name), one_line(why)
        if not self._skip:
            raise Forbidden(f"cannot copy {name}: {why}; nothing was copied", _SKIP)
        self._count += 1
        if len(self._lines) < _TOLD:
            self._lines.append(f"skipped {name}: {why}")

    def tell(self, notices: Notices) -> None:
        for line in _first(self._lines, self._count):
            notices.warn(line)


def explain_copy_failure(piped: Piped, session: OpenRequest, ports: Ports, *, skip: bool) -> int:
    """The exit code of a copy. Raises a local failure, or a failure that the other side explained."""
    notices = ports.notices
    if piped.failure and not isinstance(piped.failure, Truncated):
        raise piped.failure
    lines = [one_line(line, _LINE) for line in piped.said.splitlines() if line.strip()]
    where, code = f"{session.pod}:", piped.end.code
    if code == copying.NO_FILE:
        raise NotFound(f"{where}{lines[-1] if lines else ' no such file'}", *_look(session, lines, ports))
    if code == copying.DENIED:
        raise Forbidden(f"{where}{lines[-1] if lines else ' permission denied'}", *_as_root(lines))
    whole = code == 0 or (code == copying.INCOMPLETE and copying.harmless(lines))
    if piped.failure and (whole or not lines):
        raise piped.failure
    if not whole and (missing := next(filter(None, map(_NO_TOOL.fullmatch, lines)), None)):
        lacks = missing[1] or f"{missing[2]}, which another user than the app's needs"
        raise Unavailable(
            f"{where} nothing was copied: the debug image {one_line(session.image)} has no {lacks}",
            f"Copy with an image that has busybox or coreutils and tar: {_again(session)} --image busybox:1.37",
        )
    told = _first(lines[:_TOLD], len(lines)) or [f"exit code {code}"]
    if whole:
        for line in told if lines else []:
            notices.warn(f"{where} {line}")
        return 0
    advice = [] if skip else [_SKIP]
    if _as_root(lines):
        raise Forbidden(f"{where} nothing was copied: {told[0]}", *told[1:], *advice, *_as_root(lines))
    for line in [f"error: {where} nothing was copied: {told[0]}", *told[1:], *advice]:
        notices.warn(line)
    return INCOMPLETE if code == copying.INCOMPLETE else int(code or INCOMPLETE)


def _again(session: OpenRequest) -> str:
    """The same copy, as the same user."""
    user = ":".join(str(one) for one in session.run_as or () if one is not None)
    return " ".join(filter(None, (session.retry_command, user and f"--run-as {user}", session.privilege.flags)))


def _look(session: OpenRequest, lines: list[str], ports: Ports) -> list[str]:
    """The command that lists the directory, if the other side names a file."""
    path = lines[-1].rpartition(": ")[0] if lines else ""
    if not path.startswith("/"):
        return []
    folder = shlex.quote(path.rpartition("/")[0].lstrip("/") or ".")
    here = ports.invocation.open(session.namespace, session.pod, session.container)
    return [f"List the directory with: {here} -- ls -la {folder}"]


def _as_root(lines: list[str]) -> list[str]:
    denied = any("denied" in line for line in lines)
    return ["Retry as root, if the namespace allows it: --profile general"] if denied else []


def _first(lines: list[str], count: int) -> list[str]:
    return [*lines, f"... and {count - len(lines)} more"] if count > len(lines) else lines
