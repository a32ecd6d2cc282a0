"""The last line of `ls`: what the list does not show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.domain.debug_container.listing import NOT_ENDED, Stage
from kubectl_dshell.domain.text.duration import duration

if TYPE_CHECKING:
    from kubectl_dshell.commands.manage.list import ListRequest
    from kubectl_dshell.domain.text.invocation import Invocation


def last_line(request: ListRequest, shown: int, ended: int, invocation: Invocation) -> str:
    """How many ended ones are left out, or that there are none at all; "" if there is nothing to say.

    Not with --state, which asks for the chosen states only.
    """
    told = ended if request.choice.stages == NOT_ENDED else 0
    nothing = "" if shown else _nothing(request, told)
    if not told:
        return nothing
    command = _list_all(request, invocation)
    count = f"1 has ended: {command}" if told == 1 else f"{told} have ended: {command}"
    return f"{nothing} ({count})" if nothing else count


def _nothing(request: ListRequest, ended: int) -> str:
    """An empty list, and what was looked for."""
    choice = request.choice
    words = ["no", *_states(choice.stages, ended), *(["stale"] if choice.stale else [])]
    words += ["debug containers", *(["created by you"] if request.mine else [])]
    if choice.older_than is not None and not choice.stale:
        words.append(f"older than {duration(choice.older_than)}")
    if choice.pods:
        words.append(f"in {', '.join(sorted(choice.pods))}")
    words.append(f"in namespace {request.namespace}" if request.namespace else "in any namespace")
    return " ".join([*words, *([f"in pods with labels {request.selector}"] if request.selector else [])])


def _states(stages: frozenset[Stage], ended: int) -> list[str]:
    """Nothing if there are none in any state."""
    everything = stages == frozenset(Stage) or (stages == NOT_ENDED and not ended)
    return [] if everything else [" or ".join(stage for stage in Stage if stage in stages)]


def _list_all(request: ListRequest, invocation: Invocation) -> str:
    where = () if request.namespace else ("-A",)
    labels = ("-l", request.selector) if request.selector else ()
    mine = ("--mine",) if request.mine else ()
    words = (*sorted(request.choice.pods), *where, *labels, *mine, "--all")
    return invocation.command("ls", *words, namespace=request.namespace)
