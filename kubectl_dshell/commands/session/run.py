"""One session in a running debug container: exec, tether, relay, goodbye, and the meaning of its end."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, cast

from kubectl_dshell.commands.exec.streams import make_tether, open_exec
from kubectl_dshell.commands.exec.tether import BEAT_SECONDS, TetherEnded
from kubectl_dshell.commands.session.banner import banner, own_shell
from kubectl_dshell.commands.session.end_reason import explain_end, lapsed, recorded_end
from kubectl_dshell.commands.session.model import ContainerGone, RootDenied
from kubectl_dshell.domain.access.facts import EnterStatus
from kubectl_dshell.domain.access.privilege import DEFAULT
from kubectl_dshell.domain.debug_container.spec import LEASE_SECONDS
from kubectl_dshell.domain.runtime.words import CRUN_FAILED
from kubectl_dshell.domain.stream import KILLED, SIGNALLED, Exit
from kubectl_dshell.domain.text.duration import duration
from kubectl_dshell.errors import ConnectionLost, ContainerNotRunning, DshellError, Unavailable
from kubectl_dshell.remote import exec_script, protocol

if TYPE_CHECKING:
    from kubectl_dshell.commands.exec.attempt import Attempt
    from kubectl_dshell.commands.exec.tether import Tether
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.session.model import Session
    from kubectl_dshell.domain.stream import Stream
    from kubectl_dshell.remote.exec_script import ExecScript

_READY_SECONDS = 2.0  # the kubelet still answers "container not found" shortly after it reports Running
_RETRY_SECONDS = 0.03
_TETHER_SECONDS = 2.0  # a shorter command needs none, as it says its own goodbye
_ATTEMPTS = 3  # a root that is closed to the command may be open a moment later, when it is measured
_NOT_BEGUN = (None, KILLED, CRUN_FAILED, *EnterStatus)
"""How an exec ends that runs nothing: the node could not start it, its debug container ended, or its script refused."""
_DYING_SECONDS = 1.5  # the holder kills processes that ignore its signals for 0.45 s


def run_session(session: Session, ports: Ports) -> int | RootDenied | ContainerGone:
    """Run the session; return the exit code of its shell or command."""
    wait = _READY_SECONDS if session.just_started else 0.0
    tether = make_tether(
        session.container,
        session.target_id,
        session.id,
        ports,
        wait=wait,
        first=not (session.reused or session.says_goodbye),
        shell=exec_script.shell_of(session.tools, places=session.places),
    )
    return SessionRun(session, ports, tether).run(wait)


class SessionRun:
    """A session, its tether (which it closes), and the stream of the command it runs."""

    def __init__(self, session: Session, ports: Ports, tether: Tether) -> None:
        self._session = session
        self._ports = ports
        self._tether = tether
        self._stream: Attempt | None = None

    def run(self, wait: float) -> int | RootDenied | ContainerGone:
        """Run the session; `wait` is how long an exec may be retried in a container that is just starting."""
        session, request = self._session, self._session.request
        try:
            return self._attempts(wait)
        except BaseException as error:
            told = self._say_goodbye(request.keep if self._stream else 0)
            if told and self._stream:
                self._await_exit(self._stream)
            if isinstance(error, DshellError) and self._stream is None and not session.reused and not told:
                error.aftermath = self._leftover_notice()
            raise
        finally:
            if self._stream:
                self._stream.close()

    def _attempts(self, wait: float) -> int | RootDenied | ContainerGone:
        outcome = self._attempt(wait)
        for _ in range(_ATTEMPTS - 1):
            if isinstance(outcome, RootDenied) and outcome.facts.root_open:
                outcome = self._attempt(wait)
        return outcome

    def _attempt(self, wait: float) -> int | RootDenied | ContainerGone:
        """Exec the command once. It refuses to begin where the holder is ending, or the root is closed."""
        request = self._session.request
        half_close = request.half_close if request.stdin else False
        try:
            stream = open_exec(self._session.container, self._exec(), self._ports, wait=wait, half_close=half_close)
        except ContainerNotRunning as error:
            self._tether.close()
            return ContainerGone(error.message)
        self._stream, stream.on_begin = stream, self._begin
        self._tether.keep(request.keep)
        self._tether.connect(BEAT_SECONDS if request.task else _TETHER_SECONDS)
        try:
            end = self._relay(stream)
        except ConnectionLost as error:
            if not stream.begun:
                self._raise_recorded_end(error)
            raise
        if not stream.begun and (stream.found_ended or end.code in _NOT_BEGUN):
            return self._refused(stream, end)
        if self._session.says_goodbye and stream.begun and self._has_said_goodbye(end):
            self._tether.close()
            return cast("int", end.code)
        return self._exit_code(end, begun=stream.begun)

    def _raise_recorded_end(self, lost: ConnectionLost) -> None:
        """A debug container that dies while the exec begins may take its connection with it."""
        session = self._session
        try:
            ended = recorded_end(session.plan, session.name, session.request.retry_command, self._ports)
        except ConnectionLost:
            return
        if ended:
            raise ended from lost

    def _refused(self, stream: Attempt, end: Exit) -> RootDenied | ContainerGone:
        """Nothing has been run; the tether says more.

        Raises Unavailable if the debug container lives, and the node could not run the exec.
        """
        self._ports.terminal.give_back(stream.unread)
        stream.close()
        self._stream = None
        if end.code in (EnterStatus.NO_TARGET, EnterStatus.ROOT_CLOSED):
            with contextlib.suppress(TetherEnded, ContainerNotRunning):
                facts = self._tether.facts()
                if facts.holder_alive:
                    return RootDenied(self._session, facts, self._tether)
        elif not stream.found_ended and end.code != EnterStatus.HOLDER_GONE and self._say_goodbye(0):
            why = "its shell could not be started" if end.code == CRUN_FAILED else end.message or "it was killed"
            raise Unavailable(f"the node could not run the command in {self._session.name}: {why}")
        self._tether.close()
        return ContainerGone(end.message)

    def _begin(self) -> None:
        session, notices = self._session, self._ports.notices
        if session.request.task:
            return
        say = notices.warn if session.guest_of and session.unexpected else notices.identity
        say(banner(session))
        if self._stream and self._stream.noted and not session.reused and session.plan.privilege == DEFAULT:
            self._ports.notices.identity(own_shell(session.plan, self._ports.invocation))
        if session.plan.pod.deleting:
            self._tether.say_leaving()
        if session.request.tty:
            self._tether.connect()  # now that the prompt is on its way

    def run_outside(self) -> int:
        """Run a shell in the debug image, for a target whose root cannot be entered; return its exit code."""
        session, size = self._session, self._ports.terminal.size()
        try:
            outside = exec_script.outside_exec(session.target_id, session.id, session.prompt_name, size)
            stream = open_exec(session.container, outside, self._ports, wait=0.0)
            try:
                return self._exit_code(self._relay(stream), begun=stream.begun)
            finally:
                stream.close()
        except BaseException:
            self._say_goodbye(self._session.request.keep)
            raise

    def _leftover_notice(self) -> str:
        """The notice for a debug container that this client could not reach."""
        name, pod = self._session.name, self._session.plan.pod.name
        return f"{name} was added to {pod}; it ends by itself within {LEASE_SECONDS} s."

    def _exec(self) -> ExecScript:
        session, request = self._session, self._session.request
        target, id_, size = session.target_id, session.id, self._ports.terminal.size()
        shell = exec_script.shell_of(
            session.tools,
            chroot=request.chroot,
            target_env=request.target_env,
            trace=_trace(session),
            places=session.places,
        )
        if request.command and request.tty:
            return exec_script.terminal_exec(target, id_, request.command, size, shell=shell)
        if request.tty:
            return exec_script.shell_exec(target, id_, session.prompt_name, size, shell=shell)
        command, first = request.command or ["sh"], not session.reused
        return exec_script.command_exec(
            target,
            id_,
            command,
            stdin=request.stdin,
            first=first,
            keep=request.keep,
            patient=not request.task,
            shell=shell,
        )

    def _has_said_goodbye(self, end: Exit) -> bool:
        """A tether that is there says it once more: the command says none if it leaves something running."""
        said = end.code is not None and protocol.has_said_goodbye(end.code) and self._tether.unheard <= LEASE_SECONDS
        return said and (self._session.request.task or not self._tether.alive)

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
                f"connection to {pod.name} lost ({error.message}); {what} keeps running {stays}",
                f"Reattach with: {self._ports.invocation.attach(pod.namespace, pod.name, session.name)}",
            ) from error

    def _exit_code(self, end: Exit, *, begun: bool) -> int:
        session, tether, silent = self._session, self._tether, self._tether.unheard
        name, retry_command = session.name, session.request.retry_command
        acknowledged = self._say_goodbye(session.request.keep)
        # without a report from the holder: the silence exceeded the lease, which may be what ended the command
        away = tether.lapsed is None and silent > LEASE_SECONDS and (end.code or 0) > SIGNALLED
        if tether.lapsed or (away and acknowledged):
            self._begin_new_line()
            raise lapsed(name, silent, retry_command)
        own = not away and (acknowledged or (begun and end.code != KILLED))
        if end.code is not None and (tether.lapsed is False or own):
            return end.code
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

    def _say_goodbye(self, keep: int) -> bool:
        """Whether the holder acknowledged it; `keep`: for how long the debug container is to stay."""
        with self._ports.terminal.held():
            return self._tether.goodbye(*([protocol.keep(keep)] if keep else []), protocol.bye(self._session.id))


def _trace(session: Session) -> str:
    """What says at the start of a session with --trace whether debuggers can attach."""
    plan = session.plan
    if not plan.privilege.trace:
        return ""
    from kubectl_dshell.domain.access.tracing import node_profile, remedy
    from kubectl_dshell.remote.script import tracing

    advice = remedy(session.request.retry_command, plan.privilege, plan.identity.uid)
    return tracing(advice, node_profile(plan.wanted.security))
