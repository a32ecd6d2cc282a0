"""One session in a running debug container: exec, tether, relay, goodbye, and what its end means."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kubectl_dshell.commands.exec.streams import open_exec, open_tether
from kubectl_dshell.commands.exec.tether import TetherEnded
from kubectl_dshell.commands.session.banner import attach_command, banner
from kubectl_dshell.commands.session.end_reason import explain_end, lapsed, recorded_end
from kubectl_dshell.domain.access.facts import EnterStatus
from kubectl_dshell.domain.debug_container.spec import LEASE_SECONDS
from kubectl_dshell.domain.stream import Exit
from kubectl_dshell.domain.text.duration import duration
from kubectl_dshell.errors import ConnectionLost, ContainerNotRunning, DshellError, Unavailable
from kubectl_dshell.remote import protocol

if TYPE_CHECKING:
    from kubectl_dshell.commands.exec.tether import Tether
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.request import Interaction
    from kubectl_dshell.commands.session.plan import Plan
    from kubectl_dshell.domain.access.facts import Facts
    from kubectl_dshell.domain.stream import Stream

_READY_SECONDS = 2.0  # the kubelet answers "container not found" for a moment after it reports Running
_RETRY_SECONDS = 0.03
_DYING_SECONDS = 1.5  # the holder kills what ignores its signals for 0.45 s
_KILLED = 137
_SIGNALLED = 128
"""An exit code above this is a signal's (POSIX, `sh`), whoever sent it."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session to hold in the debug container `name`; `id` tells it from the others there."""

    request: Interaction
    plan: Plan
    name: str
    id: str
    reused: bool
    """It was there before us."""
    just_started: bool
    guest_of: str = ""
    """Whose it is, if somebody else's."""
    unexpected: bool = False
    """Nobody said in which pod: whose it is is told to scripts and with -q, too."""

    @property
    def task(self) -> bool:
        """Whether the command says goodbye itself: then a tether is only needed if it takes long, or goes wrong."""
        return self.request.task and not self.reused


@dataclass(frozen=True, slots=True)
class ContainerGone:
    """The debug container had ended, or was ending: nothing of the session was run. `why`: the node's words, if any."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class RootDenied:
    """The target's root cannot be entered by who we are; nothing of the session was run."""

    session: Session
    facts: Facts
    tether: Tether


def run_session(session: Session, ports: Ports) -> int | RootDenied | ContainerGone:
    """Hold the session; the exit code of its shell or command."""
    plan, request = session.plan, session.request
    wait = _READY_SECONDS if session.just_started else 0.0
    where = (plan.pod.namespace, plan.pod.name, session.name)
    tether = open_tether(where, plan.target.container.id, session.id, ports, wait=wait, late=session.task)
    stream = None
    try:
        if session.reused and _is_ending(tether):
            tether.close()
            return ContainerGone()
        kind: dict[str, Any] = {"stdin": request.stdin, "tty": request.tty, "half_close": request.half_close}
        stream = open_exec(where, _argv(session, ports), ports, wait=wait, **kind)
        if session.task:
            return _run_task(session, stream, tether, ports)
        return _check_facts(session, tether) or _run_interactive(session, stream, tether, ports)
    except (TetherEnded, ContainerNotRunning) as error:
        tether.close()
        return ContainerGone(error.message)
    except BaseException as error:
        told = say_goodbye(session, tether, ports)
        if told and stream:
            _await_exit(stream, ports)
        if isinstance(error, DshellError) and stream is None and session.just_started and not told:
            error.advice = (_leftover_notice(session), *error.advice)
        raise
    finally:
        if stream:
            stream.close()


def _leftover_notice(session: Session) -> str:
    """Of a debug container that nobody can be spoken to in."""
    return f"{session.name} was added to {session.plan.pod.name}; it ends by itself within {LEASE_SECONDS} s."


def _is_ending(tether: Tether) -> bool:
    """A holder that is there may be ending. No input is read and no command run before it has taken our word."""
    try:
        return not tether.registered()
    except TetherEnded:
        return True


def _check_facts(session: Session, tether: Tether) -> RootDenied | ContainerGone | None:
    facts = tether.facts()
    if not facts.holder_alive:
        tether.close()
        return ContainerGone()
    return None if facts.root_open else RootDenied(session, facts, tether)


def _run_interactive(session: Session, stream: Stream, tether: Tether, ports: Ports) -> int:
    tether.keep(session.request.keep)
    say = ports.notices.warn if session.guest_of and session.unexpected else ports.notices.identity
    say(banner(session))
    if session.plan.pod.deleting:
        tether.say_leaving()
    return relay_until_exit(session, stream, tether, ports)


def _argv(session: Session, ports: Ports) -> list[str]:
    request, target, id_ = session.request, session.plan.target.container.id, session.id
    if request.command and request.tty:
        return protocol.terminal_argv(target, id_, list(request.command), terminal_size(ports))
    if session.task:
        return protocol.task_argv(target, id_, list(request.command))
    if request.command:
        return protocol.run_argv(target, id_, list(request.command))
    if request.tty:
        return protocol.shell_argv(target, id_, prompt_name(session), terminal_size(ports))
    return protocol.run_argv(target, id_, ["sh"])


def terminal_size(ports: Ports) -> tuple[int, int] | None:
    """(rows, columns), as stty has them."""
    size = ports.terminal.size()
    return (size[1], size[0]) if size else None


def prompt_name(session: Session) -> str:
    return f"{session.plan.pod.name}/{session.plan.target.container.name}"


def _run_task(session: Session, stream: Stream, tether: Tether, ports: Ports) -> int | RootDenied:
    """The command says goodbye itself, unless only the holder can tell what its exit code means."""
    end = _relay(session, stream, tether, ports)
    if end.code is not None and protocol.has_said_goodbye(end.code) and tether.unheard <= LEASE_SECONDS:
        tether.close()
        return end.code
    if end.code in (EnterStatus.NO_TARGET, EnterStatus.ROOT_CLOSED) and not (facts := tether.facts()).root_open:
        return RootDenied(session, facts, tether)
    return _exit_code(session, end, tether, ports)


def relay_until_exit(session: Session, stream: Stream, tether: Tether, ports: Ports) -> int:
    return _exit_code(session, _relay(session, stream, tether, ports), tether, ports)


def _relay(session: Session, stream: Stream, tether: Tether, ports: Ports) -> Exit:
    request, pod = session.request, session.plan.pod
    try:
        return ports.terminal.relay(stream, tether, stdin=request.stdin, tty=request.tty)
    except ConnectionLost as error:
        _begin_new_line(session, ports)
        tether.close()  # no goodbye, even if it could be said by now: whoever comes back finds it
        over = tether.unheard > LEASE_SECONDS
        if over and request.keep <= LEASE_SECONDS:
            raise lapsed(session.name, tether.unheard, request.retry_command) from error
        stays = f"for {duration(request.keep)}" if request.keep > LEASE_SECONDS else "for up to a minute"
        what = "what it ran was ended, and the debug container" if over else "the debug container"
        raise ConnectionLost(
            f"connection to {pod.name} lost ({error.message}); {what} stays {stays}",
            f"Come back with: {attach_command(pod.namespace, pod.name, session.name, request.cluster_flags)}",
        ) from error


def _exit_code(session: Session, end: Exit, tether: Tether, ports: Ports) -> int:
    request, silent = session.request, tether.unheard
    acknowledged = say_goodbye(session, tether, ports)
    # where the holder did not tell: our silence was too long for it, and so may be what ended the command
    away = tether.lapsed is None and silent > LEASE_SECONDS and (end.code or 0) > _SIGNALLED
    if tether.lapsed or (away and acknowledged):
        _begin_new_line(session, ports)
        raise lapsed(session.name, silent, request.retry_command)
    if end.code is not None and (tether.lapsed is False or (not away and _is_its_own(end.code, acknowledged))):
        return end.code
    if end.code is None and acknowledged:
        raise Unavailable(f"the node could not run it in {session.name}: {end.message}")
    _begin_new_line(session, ports)
    if away:
        raise recorded_end(session.plan, session.name, request.retry_command, ports) or lapsed(
            session.name, silent, request.retry_command
        )
    killed = f"the debug container {session.name} was killed" + (f": {end.message}" if end.message else "")
    raise explain_end(session.plan, session.name, request.retry_command, killed, ports)


def _is_its_own(code: int, acknowledged: bool) -> bool:  # noqa: FBT001  # both are what is asked about
    return acknowledged or code not in (_KILLED, EnterStatus.HOLDER_GONE)


def _begin_new_line(session: Session, ports: Ports) -> None:
    """The cursor may be behind a prompt."""
    if session.request.tty:
        ports.notices.warn("")


def _await_exit(stream: Stream, ports: Ports) -> None:
    """Our leaving is the end of its input, at which a script would go on with its next command."""
    deadline = ports.clock.monotonic() + _DYING_SECONDS
    with contextlib.suppress(ConnectionLost):
        while not any(isinstance(event, Exit) for event in stream.receive()):
            if ports.clock.monotonic() >= deadline:
                return
            ports.clock.sleep(_RETRY_SECONDS)


def say_goodbye(session: Session, tether: Tether, ports: Ports) -> bool:
    keep = session.request.keep
    with ports.terminal.held():
        return tether.goodbye(*([protocol.keep(keep)] if keep else []), protocol.bye(session.id))
