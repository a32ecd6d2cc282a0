"""Binds the commands' ports to the first floor. Heavy imports happen here, when a command really runs."""

from __future__ import annotations

import os
import secrets
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kubectl_dshell.commands.ports import Ports
from kubectl_dshell.domain.debug_container import Scripts
from kubectl_dshell.kube.connection import ConnectionOptions, connect
from kubectl_dshell.output.notices import Notices, write_line
from kubectl_dshell.remote import script
from kubectl_dshell.terminal import tty
from kubectl_dshell.terminal.ends import Ends
from kubectl_dshell.terminal.relay import relay
from kubectl_dshell.terminal.signals import Signals

if TYPE_CHECKING:
    import io
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from kubectl_dshell.domain.stream import Companion, Exit, Piped, Stream
    from kubectl_dshell.kube.connection import Connection
    from kubectl_dshell.kube.trace import Trace


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

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

    def __init__(self, signals: Signals) -> None:
        self._signals = signals

    def size(self) -> tuple[int, int] | None:
        return tty.size(sys.stdin.fileno()) if sys.stdin.isatty() else None

    def relay(self, stream: Stream, companion: Companion, *, stdin: bool, tty: bool) -> Exit:
        raw = 0 if tty and os.isatty(0) and os.isatty(1) else None
        return relay(stream, Ends(stdin=0 if stdin else None, tty=raw), companion, self._signals)

    def piped(
        self,
        stream: Stream,
        companion: Companion,
        sink: Callable[[io.BufferedReader], None],
        source: Callable[[io.BufferedWriter], None] | None = None,
    ) -> Piped:
        """As `relay`, with code of ours at both ends instead of descriptors."""
        from kubectl_dshell.terminal.pipes import relay_piped

        return relay_piped(stream, companion, self._signals, sink, source)

    def held(self) -> AbstractContextManager[None]:
        return self._signals.held()


class ExecStreams:
    def __init__(self, connection: Connection, trace: Trace) -> None:
        self._connection = connection
        self._trace = trace

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
        from kubectl_dshell.kube.upgrade import open_exec

        where = (self._connection, namespace, pod, container)
        options: dict[str, Any] = {"trace": self._trace, "half_close": half_close, "seconds": seconds}
        return open_exec(*where, argv, stdin=stdin, tty=tty, **options)


@contextmanager
def ports(options: ConnectionOptions, *, quiet: bool, verbosity: int) -> Iterator[tuple[Ports, str]]:
    """The ports of one command, and the namespace it is about. Signals end it while it runs."""
    from kubectl_dshell.kube.api import Api
    from kubectl_dshell.kube.pods import Pods
    from kubectl_dshell.kube.trace import Trace
    from kubectl_dshell.kube.workloads import Workloads

    connection = connect(options, os.environ)
    notices = Notices(quiet=quiet)
    trace = Trace(verbosity, write_line)
    api = Api(connection, trace, on_warning=notices.notice)
    pods = Pods(api)
    with Signals() as signals:
        yield (
            Ports(
                cluster=pods,
                streams=ExecStreams(connection, trace),
                terminal=StandardTerminal(signals),
                notices=notices,
                clock=SystemClock(),
                scripts=Scripts(script.holder(), script.enter()),
                workloads=Workloads(api),
                debugged=pods,
            ),
            connection.namespace,
        )
