"""Queries the holders of debug containers for their state."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from kubectl_dshell.commands.exec.short_exec import exec_once
from kubectl_dshell.commands.parallel import each
from kubectl_dshell.domain.access.facts import HolderState
from kubectl_dshell.domain.debug_container.spec import NAME_LETTERS
from kubectl_dshell.domain.pod.pod import Phase
from kubectl_dshell.domain.round_robin import round_robin
from kubectl_dshell.errors import DshellError
from kubectl_dshell.remote import protocol
from kubectl_dshell.remote.exec_script import shell_of, state_exec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kubectl_dshell.commands.parallel import Stop
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.domain.debug_container.status import DebugContainer

_SECONDS = 5.0


def fairly(containers: Iterable[DebugContainer], ports: Ports) -> list[DebugContainer]:
    """Namespaces in turn, in random order within each: a container that hangs delays its own namespace first."""
    from random import Random

    shuffle = Random(ports.clock.random_letters(NAME_LETTERS, 8)).shuffle  # noqa: S311  # not used for security
    return round_robin(containers, lambda container: container.namespace, shuffle)


def probe(
    containers: Iterable[DebugContainer], ports: Ports, concurrency: int = 16, seconds: float = math.inf
) -> Iterator[DebugContainer]:
    """The same containers in the same order; running ones of dshell with their holder's reply.

    Without permission to exec, without a reply within a few seconds or with another version: as if not queried. Those
    not reached within `seconds` are `unasked`, and otherwise unchanged.
    """
    deadline = ports.clock.monotonic() + seconds
    early: dict[int, DebugContainer] = {}
    following = 0
    for (index, _), answered in each(enumerate(containers), partial(_ask_numbered, ports, deadline), concurrency):
        early[index] = answered
        while following in early:
            yield early.pop(following)
            following += 1


def _ask_numbered(ports: Ports, deadline: float, numbered: tuple[int, DebugContainer], stop: Stop) -> DebugContainer:
    container = numbered[1]
    if not container.ours or container.phase is not Phase.RUNNING:
        return container
    left = deadline - ports.clock.monotonic()
    return ask_holder(container, ports, stop, min(_SECONDS, left)) if left > 0 else replace(container, unasked=True)


def ask_holder(container: DebugContainer, ports: Ports, stop: Stop, seconds: float = _SECONDS) -> DebugContainer:
    """The container with its holder's reply."""
    try:
        answer = exec_once(
            container.ref,
            state_exec(shell_of(container.tools)),
            ports,
            stop,
            seconds=seconds,
            enough=lambda out: "\n" in out,
        )
    except DshellError:
        return replace(container, live=None, lost=False, unasked=False)
    state, live = protocol.parse_state(answer.out.partition("\n")[0])
    return replace(container, live=live, lost=state is HolderState.GONE, unasked=False)
