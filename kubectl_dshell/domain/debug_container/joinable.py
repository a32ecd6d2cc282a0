"""Which of several debug containers is meant by who wants to be in one again, and why some cannot be joined."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from kubectl_dshell.domain.pod.pod import Phase
from kubectl_dshell.domain.text.bounds import one_line
from kubectl_dshell.domain.text.duration import age
from kubectl_dshell.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from kubectl_dshell.domain.debug_container.status import DebugContainer
    from kubectl_dshell.domain.pod.pod import Pod


def joinable(found: Iterable[DebugContainer], mine: Callable[[DebugContainer], bool]) -> list[DebugContainer]:
    """Those of dshell that run or will: the asker's own first, then those that run, then the newest."""
    live = (s for s in found if s.ours and s.phase is not Phase.TERMINATED)
    return sorted(live, key=lambda s: (mine(s), s.phase is Phase.RUNNING, _began(s)), reverse=True)


def newest(found: Iterable[DebugContainer]) -> DebugContainer | None:
    """The one that started last; the order of a pod's list says nothing."""
    return max(found, key=_began, default=None)


def _began(container: DebugContainer) -> float:
    return container.started_at.timestamp() if container.started_at else 0.0


def refusal(container: DebugContainer, pod: Pod, now: datetime, retry_command: str) -> NotFound | None:
    """Why nobody can join this debug container; `retry_command` makes another one."""
    name, there = container.name, f"{quote(pod.name)} -c {quote(container.name)} -n {quote(container.namespace)}"
    if container.phase is Phase.TERMINATED:
        when = f" {age(now - container.finished_at)} ago" if container.finished_at else ""
        return NotFound(
            f"{name} in {pod.name} {container.state}{when} and cannot be started again",
            f"Start a new one: {retry_command}",
        )
    if container.ours:
        return None
    entry = pod.debug_container(name)
    attach = f"  kubectl attach -it {there}" if entry and entry.spec.get("stdin") else ""
    return NotFound(
        f"{name} in {pod.name} was not created by kubectl dshell, so there is no session to attach to",
        f"Run a shell from its image:\n  kubectl exec -it {there} -- sh",
        *([f"Attach to its main process:\n{attach}"] if attach else []),
    )


def describe(container: DebugContainer, now: datetime, *, mine: bool = True) -> str:
    """For a list to choose from, in one line; with the owner of what is not the asker's own.

    It stands behind a command, as a comment, which an interactive zsh runs (INTERACTIVE_COMMENTS is off): what others
    wrote is quoted.
    """
    began = age(now - container.started_at) if container.started_at else quote(container.state)
    owner = f"owner {quote(one_line(container.owner) or 'unknown')}" if not mine else ""
    reason = one_line(container.reason)
    words = (container.target, container.user, began, owner, quote(reason) if reason else "")
    return ", ".join(word for word in words if word)
