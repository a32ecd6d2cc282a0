"""One session in a running debug container: exec, tether, relay, goodbye, and the meaning of its end."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from kubectl_dshell.commands.exec.streams import open_exec, open_tether
from kubectl_dshell.commands.exec.tether import TetherEnded
from kubectl_dshell.commands.session.banner import banner
from kubectl_dshell.commands.session.end_reason import explain_end, lapsed, recorded_end
from kubectl_dshell.commands.session.model import ContainerGone, RootDenied
from kubectl_dshell.domain.access.facts import EnterStatus
from kubectl_dshell.domain.debug_container.spec import LEASE_SECONDS
from kubectl_dshell.domain.stream import Exit
from kubectl_dshell.domain.text.duration import duration
from kubectl_dshell.errors import ConnectionLost, ContainerNotRunning, DshellError, Unavailable
from kubectl_dshell.remote import protocol

if TYPE_CHECKING:
    from kubectl_dshell.commands.exec.tether import Tether
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.session.model import Session
    from kubectl_dshell.domain.stream import Stream

_READY_SECONDS = 2.0  # the kubelet still answers "container not found" shortly after it reports Running
_RETRY_SECONDS = 0.03
_DYING_SECONDS = 1.5  # the holder kills processes that ignore its signals for 0.45 s
_KILLED = 137
_SIGNALLED = 128
"""Exit codes above this stand for a signal (POSIX, `sh`), whoever sent it."""


def run_session(session: Session, ports: Ports) -> int | RootDenied | ContainerGone:
    """Run the session; return the exit code of its shell or command."""
    wait = _READY_SECONDS if session.just_started else 0.0
    tether = open_tether(session.container, session.target_id, session.id, ports, wait=wait, late=session.task)
    return SessionRun(session, ports, tether).run(wait)


class SessionRun:
    """A session, its tether (which it closes), and the stream of the command it runs."""

    def __init__(self, session: Session, ports: Ports, tether: Tether) -> None:
        self._session = session
        self._ports = ports
        self._tether = tether
        self._stream: Stream | None = None

    def run(self, wait: float) -> int | RootDenied | ContainerGone:
        """Run the session; `wait` is how long an exec may be retried in a container that is just starting."""
        session, request, tether = self._session, self._session.request, self._tether
        try:
            if session.reused and self._is_ending():
                tether.close()
                return ContainerGone()
            kind: dict[str, Any] = {"stdin": request.stdin, "tty": request.tty, "half_close": request.half_close}
            self._stream = open_exec(session.container, self._argv(), self._ports, wait=wait, **kind)
            if session.task:
                return self._run_task(self._stream)
            return self._check_facts() or self._run_interactive(self._stream)
        except (TetherEnded, ContainerNotRunning) as error:
            tether.close()
            return ContainerGone(error.message)
        except BaseException as error:
            told = self._say_goodbye()
            if told and self._stream:
                self._await_exit(self._stream)
            if isinstance(error, DshellError) and self._stream is None and session.just_started and not told:
                error.advice = (self._leftover_notice(), *error.advice)
            raise
        finally:
            if self._stream:
                self._stream.close()

    def run_outside(self) -> int:
        """Run a shell in the debug image, for a target whose root cannot be entered; return its exit code."""
        session, size = self._session, self._ports.terminal.size()
        try:
            argv = protocol.outside_argv(session.target_id, session.id, session.prompt_name, size)
            stream = open_exec(session.container, argv, self._ports, stdin=True, tty=True, wait=0.0)
            try:
                return self._exit_code(self._relay(stream))
            finally:
                stream.close()
        except BaseException:
            self._say_goodbye()
            raise

    def _leftover_notice(self) -> str:
        """The notice for a debug container that this client could not reach."""
        name, pod = self._session.name, self._session.plan.pod.name
        return f"{name} was added to {pod}; it ends by itself within {LEASE_SECONDS} s."

    def _is_ending(self) -> bool:
        """Whether an existing holder is ending. No input is read and no command run before it acknowledges a beat."""
        try:
            return not self._tether.registered()
        except TetherEnded:
            return True

    def _check_facts(self) -> RootDenied | ContainerGone | None:
        facts = self._tether.facts()
        if not facts.holder_alive:
            self._tether.close()
            return ContainerGone()
        return None if facts.root_open else RootDenied(self._session, facts, self._tether)

    def _argv(self) -> list[str]:
        session, request = self._session, self._session.request
        target, id_, size = session.target_id, session.id, self._ports.terminal.size()
        if request.command and request.tty:
            return protocol.terminal_argv(target, id_, list(request.command), size)
        if session.task:
            return protocol.task_argv(target, id_, list(request.command))
        if request.command:
            return protocol.run_argv(target, id_, list(request.command))
        if request.tty:
            return protocol.shell_argv(target, id_, session.prompt_name, size)
        return protocol.run_argv(target, id_, ["sh"])

    def _run_interactive(self, stream: Stream) -> int:
        session, notices = self._session, self._ports.notices
        self._tether.keep(session.request.keep)
        say = notices.warn if session.guest_of and session.unexpected else notices.identity
        say(banner(session))
        if session.plan.pod.deleting:
            self._tether.say_leaving()
        return self._exit_code(self._relay(stream))

    def _run_task(self, stream: Stream) -> int | RootDenied:
        """The command says goodbye itself, unless only the holder knows the meaning of its exit code."""
        end, tether = self._relay(stream), self._tether
        if end.code is not None and protocol.has_said_goodbye(end.code) and tether.unheard <= LEASE_SECONDS:
            tether.close()
            return end.code
        if end.code in (EnterStatus.NO_TARGET, EnterStatus.ROOT_CLOSED) and not (facts := tether.facts()).root_open:
            return RootDenied(self._session, facts, tether)
        return self._exit_code(end)

    def _relay(self, stream: Stream) -> Exit:
        session, request, tether = self._session, self._session.request, self._tether
        pod = session.plan.pod
        try:
            return self._ports.terminal.relay(stream, tether, stdin=request.stdin, tty=request.tty)
        except ConnectionLost as error:
            self._begin_new_line()
            tether.close()  # no goodbye, even if it were possible by now: the user can attach again
            over = tether.unheard > LEASE_SECONDS
            if over and request.keep <= LEASE_SECONDS:
                raise lapsed(session.name, tether.unheard, request.retry_command) from error
            stays = f"for {duration(request.keep)}" if request.keep > LEASE_SECONDS else "for up to a minute"
            what = "its command was ended, and the debug container" if over else "the debug container"
            raise ConnectionLost(
                f"connection to {pod.name} lost ({error.message}); {what} stays {stays}",
                f"Come back with: {self._ports.invocation.attach(pod.namespace, pod.name, session.name)}",
            ) from error

    def _exit_code(self, end: Exit) -> int:
        session, tether, silent = self._session, self._tether, self._tether.unheard
        name, retry_command = session.name, session.request.retry_command
        acknowledged = self._say_goodbye()
        # without a report from the holder: the silence exceeded the lease, which may be what ended the command
        away = tether.lapsed is None and silent > LEASE_SECONDS and (end.code or 0) > _SIGNALLED
        if tether.lapsed or (away and acknowledged):
            self._begin_new_line()
            raise lapsed(name, silent, retry_command)
        own = not away and (acknowledged or end.code not in (_KILLED, EnterStatus.HOLDER_GONE))
        if end.code is not None and (tether.lapsed is False or own):
            return end.code
        if end.code is None and acknowledged:
            raise Unavailable(f"the node could not run the command in {name}: {end.message}")
        self._begin_new_line()
        if away:
            raise recorded_end(session.plan, name, retry_command, self._ports) or lapsed(name, silent, retry_command)
        killed = f"the debug container {name} was killed" + (f": {end.message}" if end.message else "")
        raise explain_end(session.plan, name, retry_command, killed, self._ports)

    def _begin_new_line(self) -> None:
        """The cursor may be after a prompt."""
        if self._session.request.tty:
            self._ports.notices.warn("")

    def _await_exit(self, stream: Stream) -> None:
        """Leaving ends the command's input, and a script would continue with its next command."""
        clock = self._ports.clock
        deadline = clock.monotonic() + _DYING_SECONDS
        with contextlib.suppress(ConnectionLost):
            while not any(isinstance(event, Exit) for event in stream.receive()):
                if clock.monotonic() >= deadline:
                    return
                clock.sleep(_RETRY_SECONDS)

    def _say_goodbye(self) -> bool:
        keep = self._session.request.keep
        with self._ports.terminal.held():
            return self._tether.goodbye(*([protocol.keep(keep)] if keep else []), protocol.bye(self._session.id))
