"""Asks the holders of debug containers how things are with them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from kubectl_dshell.commands.asking import ask
from kubectl_dshell.commands.parallel import each
from kubectl_dshell.domain.facts import HolderState
from kubectl_dshell.domain.pod import Phase
from kubectl_dshell.errors import DshellError
from kubectl_dshell.remote import protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kubectl_dshell.commands.parallel import Stop
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.domain.session import Session

_SECONDS = 5.0


def probe(sessions: Iterable[Session], ports: Ports, concurrency: int = 16) -> Iterator[Session]:
    """The same sessions in the same order; running ones of ours with what their holder answers.

    No right to exec, no answer within a few seconds, another version: as if not asked.
    """
    early: dict[int, Session] = {}
    following = 0
    for (index, _), answered in each(enumerate(sessions), partial(_ask_numbered, ports), concurrency):
        early[index] = answered
        while following in early:
            yield early.pop(following)
            following += 1


def _ask_numbered(ports: Ports, numbered: tuple[int, Session], stop: Stop) -> Session:
    session = numbered[1]
    return ask_holder(session, ports, stop) if session.ours and session.phase is Phase.RUNNING else session


def ask_holder(session: Session, ports: Ports, stop: Stop) -> Session:
    """The session with what its holder answers."""
    where = (session.namespace, session.pod, session.name)
    try:
        answer = ask(where, protocol.state_argv(), ports, stop, seconds=_SECONDS, enough=lambda out: "\n" in out)
    except DshellError:
        return session
    state, live = protocol.parse_state(answer.out.partition("\n")[0])
    return replace(session, live=live, lost=state is HolderState.GONE)
