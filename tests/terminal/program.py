"""A program around the relay, to be run as a process of its own: `program.py HOW STREAM REPORT`.

HOW is `tty` or `pipes` (a relay), `churn` (raw mode on and off, for ever) or `descriptors`. STREAM and REPORT are
descriptors: the socket of the stream, and a pipe for what the test wants to know. The exit code is what the command
line makes of the same end.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kubectl_dshell.errors import DshellError, ExitStatus, Interrupted
from kubectl_dshell.terminal import raw_mode
from kubectl_dshell.terminal.descriptors import ensure_standard_descriptors
from kubectl_dshell.terminal.relay import relay
from kubectl_dshell.terminal.signals import Signals
from kubectl_dshell.terminal.stdio_fds import StdioFds
from kubectl_dshell.terminal.writer import OutputClosed
from tests.terminal.fakes import FakeStream

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_dshell.terminal.signals import Signals as Handlers


def main() -> int:
    how, stream, report = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

    def tell(**facts: object) -> None:
        os.write(report, json.dumps(facts).encode() + b"\n")

    closed = ensure_standard_descriptors()
    try:
        with Signals() as signals:
            tell(pid=os.getpid(), closed=sorted(closed), memory=_peak_kib())
            if how == "descriptors":
                return _write_and_read(tell)
            if how == "churn":
                return _churn(signals, report)
            ends = StdioFds(0, 1, 2, tty=0 if how == "tty" else None)
            outcome = relay(FakeStream(socket.socket(fileno=stream)), ends, None, signals)
            tell(memory=_peak_kib())
            return outcome.code or 0
    except Interrupted as interrupted:
        return 128 + interrupted.signal_number
    except OutputClosed:
        return ExitStatus.CLOSED_PIPE
    except DshellError as error:
        tell(error=error.message)
        return error.status


def _churn(signals: Handlers, report: int) -> int:
    while True:
        with raw_mode.raw(0, signals):
            pass
        os.write(report, b".")


def _write_and_read(tell: Callable[..., None]) -> int:
    with socket.socket() as opened:
        tell(
            socket=opened.fileno(),
            inherited=[os.get_inheritable(number) for number in range(3)],
            read=sys.stdin.read(),
            stdout=_try(lambda: os.write(1, b"x")),
            stderr=_try(lambda: os.write(2, b"x")),
        )
    return 0


def _try(act: Callable[[], object]) -> str:
    try:
        act()
    except OSError as error:
        return error.strerror or ""
    return "written"


def _peak_kib() -> int:
    """The highest resident size so far (not getrusage: that one is inherited from the parent)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


if __name__ == "__main__":
    sys.exit(main())
