"""What a debug container that is there already says about a command that is to run once (--once)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.domain.debug_container.end_message import EndReason, parse_end_message
from kubectl_dshell.domain.debug_container.status import debug_containers
from kubectl_dshell.domain.pod.pod import Phase
from kubectl_dshell.errors import Unavailable

if TYPE_CHECKING:
    from kubectl_dshell.domain.debug_container.status import DebugContainer
    from kubectl_dshell.domain.pod.pod import Pod


def ran_before(pod: Pod, name: str, retry_command: str) -> str:
    """The sentence that an earlier run has run the command in `pod`, or has at least begun to.

    Raises Unavailable if it has not. Nothing is tried again even then: the earlier run may still be at work, and the
    message by which a debug container says that nobody came can be forged by the app.
    """
    found = next((one for one in debug_containers(pod) if one.name == name), None)
    another = f"Run it there under another name: {retry_command} --once OTHER -- COMMAND"
    if found is None:
        raise Unavailable(f"{name} is no longer in {pod.name}, which was replaced meanwhile", another)
    if not found.ours:
        raise Unavailable(f"{name} in {pod.name} was not created by kubectl dshell, so nothing was run there", another)
    if found.phase in (Phase.WAITING, Phase.UNKNOWN):
        raise Unavailable(f"{name} of an earlier run is {found.state} in {pod.name}: nothing was run yet", another)
    if _was_missed(found):
        raise Unavailable(f"{name} of an earlier run was lost in {pod.name} before anything was run", another)
    what = "is running the command" if found.phase is Phase.RUNNING else "has run the command"
    return f"an earlier run {what} here, and has its output; {name}: {found.state}"


def _was_missed(found: DebugContainer) -> bool:
    words = parse_end_message(found.message) if found.phase is Phase.TERMINATED else None
    return words is not None and words.end is EndReason.NOBODY_CAME
