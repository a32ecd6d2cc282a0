"""Which of several debug containers to attach to, and why one cannot be joined."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from kubectl_dshell.domain.debug_container.spec import PROTOCOL
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
    """Containers of dshell that have not ended: the user's own first, then running ones, then the newest.

    Of two of the user's own that belong together, only the one of the app's image.
    """
    live = [s for s in found if s.ours and s.phase is not Phase.TERMINATED]
    own = {s.name for s in live if mine(s)}
    live = [s for s in live if not (s.name in own and s.borrower in own)]
    return sorted(live, key=lambda s: (mine(s), s.phase is Phase.RUNNING, _began(s)), reverse=True)


def newest(found: Iterable[DebugContainer]) -> DebugContainer | None:
    """The one that started last; the order in the pod's spec carries no meaning."""
    return max(found, key=_began, default=None)


def _began(container: DebugContainer) -> float:
    return container.started_at.timestamp() if container.started_at else 0.0


def refusal(container: DebugContainer, pod: Pod, now: datetime, retry_command: str) -> NotFound | None:
    """Why this debug container cannot be joined, if so; `retry_command` starts a new one."""
    name, there = container.name, f"{quote(pod.name)} -c {quote(container.name)} -n {quote(container.namespace)}"
    if container.phase is Phase.TERMINATED:
        when = f" {age(now - container.finished_at)} ago" if container.finished_at else ""
        return NotFound(
            f"{name} in {pod.name} {container.state}{when} and cannot be started again",
            f"Start a new one: {retry_command}",
        )
    if container.ours:
        return other_protocol(container, retry_command)
    entry = pod.debug_container(name)
    attach = f"  kubectl attach -it {there}" if entry and entry.spec.get("stdin") else ""
    return NotFound(
        f"{name} in {pod.name} was not created by kubectl dshell, so there is no session to attach to",
        f"Run a shell from its image:\n  kubectl exec -it {there} -- sh",
        *([f"Attach to its main process:\n{attach}"] if attach else []),
    )


def other_protocol(container: DebugContainer, retry_command: str) -> NotFound | None:
    """Why a debug container of another version cannot be joined, if so."""
    if container.protocol == PROTOCOL:
        return None
    where = quote(f"{container.pod}/{container.name}")
    return NotFound(
        f"{container.name} in {container.pod} was created by a version of kubectl dshell that speaks protocol "
        f"{container.protocol}; this version speaks protocol {PROTOCOL}",
        f"Start a new one: {retry_command}",
        f"End it: kubectl dshell cleanup {where} -n {quote(container.namespace)}",
    )


def describe(container: DebugContainer, now: datetime, *, mine: bool = True) -> str:
    """One line for a list to choose from, with the owner unless it is the user's own.

    It follows a command as a comment, which an interactive zsh executes (INTERACTIVE_COMMENTS is off by default):
    untrusted text is quoted.
    """
    began = age(now - container.started_at) if container.started_at else quote(container.state)
    owner = f"owner {quote(one_line(container.owner) or 'unknown')}" if not mine else ""
    reason = one_line(container.reason)
    words = (container.target, container.user, began, owner, quote(reason) if reason else "")
    return ", ".join(word for word in words if word)
