"""Binds the commands' ports to the first floor. Heavy imports happen here, when a command really runs."""

from __future__ import annotations

import os
import secrets
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kubectl_dshell.cli.key import KeyFile
from kubectl_dshell.commands.ports import Ports
from kubectl_dshell.domain.debug_container.spec import Scripts
from kubectl_dshell.errors import ConnectionLost, Interrupted, shortage
from kubectl_dshell.kube.auth.user_terminal import UserTerminal
from kubectl_dshell.output.notices import Notices, write_line
from kubectl_dshell.remote import script
from kubectl_dshell.terminal import tty
from kubectl_dshell.terminal.relay import relay
from kubectl_dshell.terminal.signals import Signals
from kubectl_dshell.terminal.stdio_fds import StdioFds

if TYPE_CHECKING:
    import io
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from kubectl_dshell.domain.stream import Companion, Exit, Piped, Stream, TerminalSize
    from kubectl_dshell.kube.config.connection import Connection
    from kubectl_dshell.kube.config.options import ConnectionOptions
    from kubectl_dshell.kube.http.trace import RequestTrace


class SystemClock:
    def __init__(self, now: Callable[[], datetime]) -> None:
        """`now` is the wall clock that the cluster's times are compared with."""
        self._now = now

    def now(self) -> datetime:
        return self._now()

    def monotonic(self) -> float:
        return time.monotonic()

    def elapsed(self) -> float:
        # Linux stops its monotonic clock while the machine sleeps, macOS does not.
        return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def random_letters(self, letters: str, count: int) -> str:
        return "".join(secrets.choice(letters) for _ in range(count))


class StandardTerminal:
    """Our own stdin, stdout and stderr."""

    def __init__(self, signals: Signals, user: UserTerminal) -> None:
        """`user` is told when a session has the terminal, for no plugin may ask there then."""
        self._signals = signals
        self._user = user

    def size(self) -> TerminalSize | None:
        return tty.size(sys.stdin.fileno()) if sys.stdin.isatty() else None

    def relay(self, stream: Stream, companion: Companion, *, stdin: bool, tty: bool) -> Exit:
        raw = 0 if tty and stdin and os.isatty(0) else None
        if stdin and os.isatty(0):
            self._user.take()
        return relay(stream, StdioFds(stdin=0 if stdin else None, tty=raw), companion, self._signals)

    def piped(
        self,
        stream: Stream,
        companion: Companion,
        words: bytes,
        sink: Callable[[io.BufferedReader], None],
        source: Callable[[io.BufferedWriter], None] | None = None,
    ) -> Piped:
        """As `relay`, with code of ours at both ends instead of descriptors."""
        from kubectl_dshell.terminal.pipes import relay_piped

        return relay_piped(stream, companion, self._signals, words, sink, source)

    def held(self) -> AbstractContextManager[None]:
        return self._signals.held()


class ExecStreams:
    def __init__(self, connection: Connection, trace: RequestTrace, signals: Signals) -> None:
        self._connection = connection
        self._trace = trace
        self._signals = signals

    def open(  # noqa: PLR0913  # as the Protocol
        self,
        namespace: str,
        pod: str,
        container: str,
        argv: Sequence[str],
        *,
        stdin: bool,
        tty: bool,
        half_close: bool | None = None,
        seconds: float | None = None,
    ) -> Stream:
        where = (self._connection, namespace, pod, container)
        options: dict[str, Any] = {"trace": self._trace, "half_close": half_close, "seconds": seconds}
        try:
            from kubectl_dshell.kube.exec.upgrade import open_exec

            return open_exec(*where, argv, stdin=stdin, tty=tty, sleep=self._sleep, **options)
        except (OSError, RuntimeError) as error:  # even a module is a file to open
            short = shortage(error)
            if short is None:
                raise
            raise short from error

    def _sleep(self, seconds: float) -> None:
        try:
            self._signals.pause(seconds)
        except Interrupted as stop:
            if threading.current_thread() is threading.main_thread():
                raise
            raise ConnectionLost("stopped while the API server wanted to be asked later") from stop


@contextmanager
def ports(options: ConnectionOptions, *, quiet: bool, verbosity: int) -> Iterator[tuple[Ports, str]]:
    """The ports of one command, and the namespace it is about. Signals end it while it runs."""
    from kubectl_dshell.kube.config.resolve import connect
    from kubectl_dshell.kube.http.api import Api
    from kubectl_dshell.kube.http.trace import RequestTrace
    from kubectl_dshell.kube.pods import Pods
    from kubectl_dshell.kube.workloads import Workloads

    notices = Notices(quiet=quiet, is_raw=tty.is_raw)
    trace = RequestTrace(verbosity, notices.trace)
    user = UserTerminal(lambda text: write_line(text, ""))
    with Signals() as signals:
        # A plugin may run in it, and is ended when we are.
        connection = connect(options, os.environ, user)
        api = Api(connection, trace, on_warning=notices.notice, sleep=signals.pause)
        pods = Pods(api)
        yield (
            Ports(
                cluster=pods,
                streams=ExecStreams(connection, trace, signals),
                terminal=StandardTerminal(signals, user),
                notices=notices,
                clock=SystemClock(api.time.now),
                scripts=Scripts(script.holder(), script.enter()),
                workloads=Workloads(api),
                debugged=pods,
                keyring=KeyFile(os.environ),
            ),
            connection.namespace,
        )
