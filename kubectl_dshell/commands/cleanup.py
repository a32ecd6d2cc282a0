"""`kubectl dshell cleanup`: ends debug containers of ours, and reports each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from kubectl_dshell.commands.execs import open_tether
from kubectl_dshell.commands.listing import list_sessions
from kubectl_dshell.domain.pod import Phase, parse_pod
from kubectl_dshell.errors import DshellError, NoTarget
from kubectl_dshell.remote import protocol

if TYPE_CHECKING:
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.domain.session import Session

_END_SECONDS = 15.0


class Outcome(StrEnum):
    ENDED = "ended"
    FAILED = "could not be ended"


@dataclass(frozen=True, slots=True)
class Ended:
    session: Session
    outcome: Outcome
    why: str = ""


def cleanup(names: tuple[str, ...], namespace: str | None, ports: Ports) -> list[Ended]:
    """End the running debug containers of ours, or only those named (by their own or their pod's name).

    Raises NoTarget for a name that is neither.
    """
    found = list_sessions(namespace, ports)
    unknown = [n for n in names if not any(n in (s.name, s.pod) for s in found)]
    if unknown:
        where = f"namespace {namespace}" if namespace else "any namespace"
        raise NoTarget(
            f"no debug container and no pod with one is called {', '.join(unknown)} in {where}",
            "Those there are: kubectl dshell ls",
        )
    chosen = [s for s in found if not names or s.name in names or s.pod in names]
    for session in (s for s in chosen if s.name in names):
        if not session.ours:
            ports.notices.notice(f"{session.pod} {session.name} was not made by dshell and is left alone")
        elif session.phase is not Phase.RUNNING:
            ports.notices.notice(f"{session.pod} {session.name} does not run: {session.state}")
    return [_end(s, ports) for s in chosen if s.ours and s.phase is Phase.RUNNING]


def _end(session: Session, ports: Ports) -> Ended:
    try:
        tether = open_tether(session.namespace, session.pod, session.name, session.target_id, ports)
        acknowledged = tether.goodbye(protocol.END, seconds=_END_SECONDS)
        if _terminated(session, ports):
            return Ended(session, Outcome.ENDED)
    except NoTarget:
        return Ended(session, Outcome.ENDED, "its pod is gone")
    except DshellError as error:
        return Ended(session, Outcome.FAILED, error.message)
    return Ended(session, Outcome.FAILED, "it still runs" if acknowledged else "its holder does not answer")


def _terminated(session: Session, ports: Ports) -> bool:
    deadline = ports.clock.monotonic() + _END_SECONDS
    pod = ports.cluster.get_pod(session.namespace, session.pod)
    version = pod["metadata"]["resourceVersion"]
    if _is_over(pod, session.name):
        return True
    changes = ports.cluster.pod_changes(session.namespace, session.pod, version, deadline)
    return any(change is not None and _is_over(change, session.name) for change in changes)


def _is_over(pod: dict[str, object], name: str) -> bool:
    container = parse_pod(pod).debug_container(name)
    return container is None or container.state.phase is Phase.TERMINATED
