"""The relay between a stream and this process's own descriptors: a terminal, pipes or files."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from kubectl_dshell.domain.stream import SIGNALLED
from kubectl_dshell.streaming.relay import Relay
from kubectl_dshell.terminal import raw_mode
from kubectl_dshell.terminal.outputs import OutputRouter
from kubectl_dshell.terminal.stdin import Stdin

if TYPE_CHECKING:
    from kubectl_dshell.domain.stream import Companion, Exit, Stream
    from kubectl_dshell.terminal.signals import Signals
    from kubectl_dshell.terminal.stdio_fds import StdioFds


def relay(stream: Stream, ends: StdioFds, companion: Companion | None, signals: Signals) -> Exit:
    """Run until the remote command has ended and all its output is written; return how it ended.

    With `ends.tty` the terminal is in raw mode meanwhile. Raises the errors of `stream` and `companion` (once the
    output before them is written), Interrupted, OutputClosed (a reader has gone) and OutputFailed.
    """
    with ExitStack() as stack:
        stack.enter_context(signals.held())
        mode = None if ends.tty is None else stack.enter_context(raw_mode.raw(ends.tty, signals, ends.stdout))
        outputs = stack.enter_context(OutputRouter(ends, mode.screen if mode else None))
        stdin = Stdin(ends.stdin, signals, mode)
        end = Relay(stream, outputs, signals, companion=companion, stdin=stdin).run()
        if mode is not None and (end.code is None or end.code > SIGNALLED):
            mode.reset_screen()  # killed, and a full-screen program with it
        return end
