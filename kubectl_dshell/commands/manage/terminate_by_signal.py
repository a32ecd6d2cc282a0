"""Ends a debug container of any tool by signals, with a script that a shell of its own image runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.commands.exec.short_exec import exec_once
from kubectl_dshell.domain.runtime.words import found_no_program
from kubectl_dshell.remote import protocol
from kubectl_dshell.remote.exec_script import end_exec, shell_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_dshell.commands.parallel import Stop
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.domain.debug_container.status import DebugContainer

_SECONDS = 30.0


def terminate_by_signal(container: DebugContainer, ports: Ports, stop: Stop, left: Callable[[float], float]) -> str:
    """Signal the processes of the debug container, gently first; the reason if none was signalled, else "".

    `left` limits a number of seconds to the remaining ones. Raises the errors of opening an exec.
    """
    answer = exec_once(container.ref, end_exec(shell_of(container.tools)), ports, stop, seconds=left(_SECONDS))
    why = protocol.parse_end(answer.out)
    if why is not None:
        return why
    end = answer.exit
    if end is not None and not answer.out and found_no_program(end.code, end.message, answer.err):
        return "its image has no shell to end it with"
    return ""
