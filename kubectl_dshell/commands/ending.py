"""Ends one debug container and sees to it that the pod's status says so."""

from __future__ import annotations

import select
from typing import TYPE_CHECKING

from kubectl_dshell.commands.asking import ask
from kubectl_dshell.commands.execs import is_gone
from kubectl_dshell.commands.other_tools import signal_own
from kubectl_dshell.domain.debug_container import NAME_LETTERS
from kubectl_dshell.domain.ending import Ending, Outcome, failed
from kubectl_dshell.domain.pod import Phase, parse_pod
from kubectl_dshell.domain.refusal import Request, explain
from kubectl_dshell.errors import ApiError, ConnectionLost, DshellError, NoTarget
from kubectl_dshell.remote import protocol

if TYPE_CHECKING:
    from kubectl_dshell.commands.parallel import Stop
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.domain.pod import Json
    from kubectl_dshell.domain.session import Session

_WORD_SECONDS = 15.0
_STATUS_SECONDS = 15.0  # the kubelet notices an end within its relist period of 1 s; busy ones take longer
_REFUSED_SECONDS = 3.0
_AWAY_SECONDS = 120.0  # an API server that starts takes its time
_BUSY_SECONDS = 30.0
_LEAVING_SECONDS = 60.0  # the usual grace of 30 s, and a busy node
_PAUSE_SECONDS = 1.0
_TOO_MANY_REQUESTS, _SERVER_ERROR = 429, 500


def end(session: Session, ports: Ports, stop: Stop) -> Ending:
    """End it, whoever made it. What may pass (the API server away, too many requests) is tried again for a while."""
    began = ports.clock.monotonic()
    again = False
    while True:
        try:
            return _attempt(session, ports, stop, again=again)
        except NoTarget:
            return Ending(session, Outcome.ENDED, "its pod is gone")
        except DshellError as error:
            if stop.is_set():
                return Ending(session, Outcome.INTERRUPTED)
            if ports.clock.monotonic() - began >= _patience(error):
                return _unless_leaving(failed(session, error.message), ports, stop)
        again = True
        _pause(stop)


def _attempt(session: Session, ports: Ports, stop: Stop, *, again: bool) -> Ending:
    if _is_over(_pod(session, ports), session.name):
        return Ending(session, Outcome.ENDED if again else Outcome.ALREADY_ENDED)
    why = ""
    for way in (_say_end, _signal) if session.ours else (_signal,):
        why = way(session, ports, stop)
        if _ends(session, ports, stop, _REFUSED_SECONDS if why else _STATUS_SECONDS):
            return Ending(session, Outcome.ENDED)
        if stop.is_set():
            return Ending(session, Outcome.INTERRUPTED)
    return _unless_leaving(failed(session, why or "it still runs"), ports, stop)


def _unless_leaving(ending: Ending, ports: Ports, stop: Stop) -> Ending:
    """A pod that is being deleted takes it along, in its own time, and lets nobody in meanwhile."""
    session = ending.session
    try:
        leaving = parse_pod(_pod(session, ports)).deleting and _ends(session, ports, stop, _LEAVING_SECONDS)
    except NoTarget:
        return Ending(session, Outcome.ENDED, "its pod is gone")
    except DshellError:
        leaving = False
    return Ending(session, Outcome.ENDED) if leaving else ending


def _say_end(session: Session, ports: Ports, stop: Stop) -> str:
    """Tell its holder; why it did not take the word, if it did not."""
    argv = protocol.tether_argv(session.target_id, ports.clock.random_letters(NAME_LETTERS, 8))
    try:
        answer = ask(
            (session.namespace, session.pod, session.name),
            argv,
            ports,
            stop,
            seconds=_WORD_SECONDS,
            words=protocol.END,
            enough=lambda out: out.endswith("\n" + protocol.END.decode()),
        )
    except ApiError as error:
        return _if_gone(error)
    return "" if protocol.END.decode() in answer.out.splitlines(keepends=True) else "its holder does not answer"


def _signal(session: Session, ports: Ports, stop: Stop) -> str:
    try:
        return signal_own(session, ports, stop)
    except ApiError as error:
        return _if_gone(error)


def _if_gone(error: ApiError) -> str:
    """The node may know of an end before the status does."""
    if is_gone(error):
        return f"the node does not let anybody in: {error.message}"
    raise error


def _ends(session: Session, ports: Ports, stop: Stop, seconds: float) -> bool:
    """Whether its status says within `seconds` that it has ended."""
    deadline = ports.clock.monotonic() + seconds
    pod = _pod(session, ports)
    if _is_over(pod, session.name):
        return True
    version = pod["metadata"]["resourceVersion"]
    for change in ports.cluster.pod_changes(session.namespace, session.pod, version, deadline):
        if change is not None and _is_over(change, session.name):
            return True
        if stop.is_set():
            return False
    return False


def _pod(session: Session, ports: Ports) -> Json:
    try:
        return ports.cluster.get_pod(session.namespace, session.pod)
    except ApiError as error:
        raise explain(error, Request("get", "pods", session.namespace, session.pod)) from error


def _is_over(pod: Json, name: str) -> bool:
    container = parse_pod(pod).debug_container(name)
    if container is None:
        raise NoTarget("another pod has its name now")
    return container.state.phase is Phase.TERMINATED


def _patience(error: DshellError) -> float:
    """For how many seconds in all such a failure may pass."""
    if isinstance(error, ApiError) and (error.code == _TOO_MANY_REQUESTS or error.code >= _SERVER_ERROR):
        return _BUSY_SECONDS
    return _AWAY_SECONDS if isinstance(error, ConnectionLost) else 0.0


def _pause(stop: Stop) -> None:
    poll = select.poll()
    poll.register(stop, select.POLLIN)
    poll.poll(_PAUSE_SECONDS * 1000)
