"""Asks the holders of debug containers how things are with them."""

from __future__ import annotations

import select
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from kubectl_dshell.commands.parallel import each
from kubectl_dshell.domain.facts import HolderState
from kubectl_dshell.domain.pod import Phase
from kubectl_dshell.domain.stream import Channel, Exit
from kubectl_dshell.errors import DshellError
from kubectl_dshell.remote import protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kubectl_dshell.commands.parallel import Stop
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.domain.session import Session
    from kubectl_dshell.domain.stream import Stream

_SECONDS = 5.0
_LONGEST_LINE = 4096


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
    return ask(session, ports, stop) if session.ours and session.phase is Phase.RUNNING else session


def ask(session: Session, ports: Ports, stop: Stop) -> Session:
    """The session with what its holder answers."""
    where = (session.namespace, session.pod, session.name)
    deadline = ports.clock.monotonic() + _SECONDS
    try:
        stream = ports.streams.open(*where, protocol.state_argv(), stdin=False, tty=False, seconds=_SECONDS)
        try:
            line = _first_line(stream, deadline, ports, stop)
        finally:
            stream.close()
    except DshellError:
        return session
    state, live = protocol.parse_state(line)
    return replace(session, live=live, lost=state is HolderState.GONE)


def _first_line(stream: Stream, deadline: float, ports: Ports, stop: Stop) -> str:
    """What it prints until it ends, or as much as came in time."""
    said = b""
    poll = select.poll()
    poll.register(stop, select.POLLIN)
    poll.register(stream, select.POLLIN)
    while not stop.is_set() and (left := deadline - ports.clock.monotonic()) > 0 and len(said) < _LONGEST_LINE:
        for event in stream.receive():
            if isinstance(event, Exit):
                return said.decode(errors="replace").partition("\n")[0]
            if event.channel is Channel.STDOUT:
                said += event.data
        if b"\n" in said:
            break
        poll.poll(left * 1000)
    return said.decode(errors="replace").partition("\n")[0]
