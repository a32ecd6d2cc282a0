"""Binds the ports of the commands to their implementations. Imported only when a command really runs: it is slow."""

from __future__ import annotations

import os
import shlex
import sys
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from kubectl_dshell.cli.clock import SystemClock, patience
from kubectl_dshell.cli.key import KeyFile
from kubectl_dshell.commands.ports import Ports
from kubectl_dshell.domain.text.invocation import Invocation
from kubectl_dshell.errors import ConnectionLost, Interrupted, shortage
from kubectl_dshell.kube.auth.user_terminal import UserTerminal
from kubectl_dshell.output.notices import Notices, write_line
from kubectl_dshell.terminal import raw_mode
from kubectl_dshell.terminal.relay import relay
from kubectl_dshell.terminal.signals import Signals
from kubectl_dshell.terminal.stdio_fds import StdioFds

if TYPE_CHECKING:
    import io
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from kubectl_dshell.cli.flags.connection import ConnectionFlags
    from kubectl_dshell.commands.cp.ports import CopyPorts
    from kubectl_dshell.commands.ports import CreatedPods, ExecCheck
    from kubectl_dshell.domain.cp.copy_spec import RemotePath
    from kubectl_dshell.domain.stream import Companion, Exit, Piped, Stream, TerminalSize
    from kubectl_dshell.files.archive_source import ArchiveSource
    from kubectl_dshell.files.passthrough import Passthrough
    from kubectl_dshell.files.staging import Staging
    from kubectl_dshell.kube.connection.connection import Connection
    from kubectl_dshell.kube.exec.spares import Spares
    from kubectl_dshell.kube.rest.api import Api
    from kubectl_dshell.kube.rest.request_trace import RequestTrace


class StandardTerminal:
    """Our own stdin, stdout and stderr."""

    def __init__(self, signals: Signals, user: UserTerminal) -> None:
        """`user` learns when a session owns the terminal: no credential plugin may prompt there then."""
        self._signals = signals
        self._user = user
        self._unread = b""

    def size(self) -> TerminalSize | None:
        return raw_mode.size(sys.stdin.fileno()) if sys.stdin.isatty() else None

    def relay(self, stream: Stream, companion: Companion, *, stdin: bool, tty: bool) -> Exit:
        raw = 0 if tty and stdin and os.isatty(0) else None
        if stdin and os.isatty(0):
            self._user.take()
        if self._unread:
            unread, self._unread = self._unread, b""
            stream.send(unread)
        return relay(stream, StdioFds(stdin=0 if stdin else None, tty=raw), companion, self._signals)

    def piped(
        self,
        stream: Stream,
        companion: Companion,
        words: bytes,
        sink: Callable[[io.BufferedReader], None],
        source: Callable[[io.BufferedWriter], None] | None = None,
    ) -> Piped:
        """Like `relay`, but between functions instead of file descriptors."""
        from kubectl_dshell.terminal.piped_relay import relay_piped

        return relay_piped(stream, companion, self._signals, words, sink, source)

    def give_back(self, unread: bytes) -> None:
        self._unread += unread

    def held(self) -> AbstractContextManager[None]:
        return self._signals.held()


class TerminalPrompt:
    """A person who wants to see more than errors."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def can_ask(self) -> bool:
        return not self._quiet and os.isatty(0) and os.isatty(2)

    def confirm(self, question: str, companion: Companion) -> bool:
        from kubectl_dshell.terminal.question import confirm

        return confirm(question, companion, time.monotonic)


@contextmanager
def _shortage_told() -> Iterator[None]:
    """Around imports, too: each opens a file."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        short = shortage(error)
        if short is None:
            raise
        raise short from error


class ExecStreams:
    def __init__(self, connection: Connection, trace: RequestTrace, signals: Signals) -> None:
        self._connection = connection
        self._trace = trace
        self._signals = signals
        self._spares: Spares | None = None

    def check(
        self, namespace: str, pod: str, container: str, argv: Sequence[str], *, stdin: bool, tty: bool
    ) -> ExecCheck:
        with _shortage_told():
            from kubectl_dshell.kube.exec.check import ExecCheck
            from kubectl_dshell.kube.exec.spares import Spares
            from kubectl_dshell.kube.exec.upgrade import exec_resource

            self._spares = self._spares or Spares(self._connection)
            resource = exec_resource(namespace, pod, container, argv, stdin=stdin, tty=tty)
            where = (self._connection, namespace, pod, resource)
            return ExecCheck(*where, trace=self._trace, spares=self._spares)

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
        with _shortage_told():
            from kubectl_dshell.kube.exec.upgrade import open_exec

            return open_exec(
                self._connection,
                namespace,
                pod,
                container,
                argv,
                stdin=stdin,
                tty=tty,
                trace=self._trace,
                half_close=half_close,
                seconds=seconds,
                sleep=self._sleep,
                spares=self._spares,
            )

    def close(self) -> None:
        """Close what no exec has used."""
        if self._spares is not None:
            self._spares.close()

    def _sleep(self, seconds: float) -> None:
        try:
            self._signals.pause(seconds)
        except Interrupted as stop:
            if threading.current_thread() is threading.main_thread():
                raise
            raise ConnectionLost("interrupted while waiting to retry a request (Retry-After)") from stop


@contextmanager
def ports(
    flags: ConnectionFlags, namespace: str | None, *, quiet: bool, unattended: float | None = None
) -> Iterator[tuple[Ports, str]]:
    """The ports of one command, and its namespace. Signals interrupt the command while the context is open.

    `unattended`: nobody is asked for credentials, and a request or a credential plugin has so many seconds.
    """
    with ports_and_api(flags, namespace, quiet=quiet, unattended=unattended) as (bound, api):
        yield bound, api.connection.namespace


@contextmanager
def ports_and_api(
    flags: ConnectionFlags, namespace: str | None, *, quiet: bool, unattended: float | None = None
) -> Iterator[tuple[Ports, Api]]:
    """The same, with what sends its requests."""
    from kubectl_dshell.kube.connection.resolve import connect
    from kubectl_dshell.kube.pods import Pods
    from kubectl_dshell.kube.rest.api import Api
    from kubectl_dshell.kube.rest.request_trace import RequestTrace
    from kubectl_dshell.kube.workloads import Workloads

    notices = Notices(quiet=quiet, is_raw=raw_mode.is_raw, patience=(patient := patience(os.environ)))
    trace = RequestTrace(flags.verbosity, notices.trace)
    options, user = flags.to_options(namespace), UserTerminal(lambda text: write_line(text, ""))
    if unattended is not None:
        user, options = _nobody(unattended), options.within(unattended)
    with Signals() as signals:
        # A credential plugin may run here; a signal ends it together with us.
        connection = connect(options, os.environ, user)
        api = Api(connection, trace, on_warning=notices.notice, sleep=signals.pause)
        pods = Pods(api)
        streams = ExecStreams(connection, trace, signals)
        with closing(streams):
            yield (
                Ports(
                    cluster=pods,
                    streams=streams,
                    terminal=StandardTerminal(signals, user),
                    notices=notices,
                    clock=SystemClock(api.time.now, patient),
                    workloads=Workloads(api),
                    debugged=pods,
                    logs=pods,
                    keyring=KeyFile(os.environ),
                    created=partial(_created_pods, api),
                    invocation=Invocation(flags.to_type_again()),
                    prompt=TerminalPrompt(quiet=quiet),
                    context=connection.context,
                ),
                api,
            )


def _nobody(seconds: float) -> UserTerminal:
    """A terminal at which no credential plugin can ask; each has so many seconds."""
    user = UserTerminal(session_seconds=seconds)
    user.take()
    return user


def _created_pods(api: Api) -> CreatedPods:
    from kubectl_dshell.kube import created_pods

    return created_pods.CreatedPods(api)


@contextmanager
def recording(path: str | None, *, quiet: bool) -> Iterator[Callable[[Ports], Ports]]:
    """Adds a recorder to ports. Raises UsageError or OutputFailed first if `path` cannot be written."""
    if path is None:
        yield lambda ports: ports
        return
    from kubectl_dshell.terminal.recording.asciicast import Recorder
    from kubectl_dshell.terminal.recording.recording_terminal import RecordedTerminal

    notices = Notices(quiet=quiet, is_raw=raw_mode.is_raw)
    recorder = Recorder(path, os.environ, notices.interject)
    try:
        yield lambda ports: replace(ports, terminal=RecordedTerminal(ports.terminal, recorder))
    finally:
        recorder.close()
        if recorder.begun and recorder.complete:
            notices.notice(f"recorded in {path}; play it with: asciinema play {shlex.quote(path)}")


class LocalDisk:
    def landing(self, destination: str, sources: Sequence[RemotePath]) -> Staging | Passthrough:
        from kubectl_dshell.domain.cp.copy_spec import STREAM
        from kubectl_dshell.files.passthrough import Passthrough
        from kubectl_dshell.files.staging import Staging

        return Passthrough(1, sources) if destination == STREAM else Staging(destination, sources)

    def luggage(self, sources: Sequence[str], refuse: Callable[[str, str], None]) -> ArchiveSource:
        from kubectl_dshell.files.archive_source import ArchiveSource

        return ArchiveSource(sources, refuse)


def copy_ports(bound: Ports, *, quiet: bool) -> CopyPorts:
    """The ports of a copy, at the same terminal as its session."""
    from kubectl_dshell.commands.cp.ports import CopyPorts
    from kubectl_dshell.output.progress.copy_bar import CopyBar

    if not isinstance(bound.terminal, StandardTerminal):
        raise TypeError(bound.terminal)
    return CopyPorts(bound, bound.terminal, LocalDisk(), CopyBar(quiet=quiet))


def size(sources: Sequence[str]) -> str:
    """For the question before a copy: "3 files (1.2 MB)". Raises NotFound where there is no such file."""
    from kubectl_dshell.files.archive_source import ArchiveSource
    from kubectl_dshell.output.progress.copy_bar import format_bytes

    measured = ArchiveSource(sources, lambda _name, _why: None).size()
    return f"{measured.files} file{'' if measured.files == 1 else 's'} ({format_bytes(measured.bytes)})"
