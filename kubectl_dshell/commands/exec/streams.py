"""Opens the execs of a session in a debug container: its command, and its tether."""

from __future__ import annotations

from itertools import chain, repeat
from typing import TYPE_CHECKING

from kubectl_dshell.commands.exec.after_mark import AfterMark
from kubectl_dshell.commands.exec.attempt import Attempt
from kubectl_dshell.commands.exec.termination_notice import TerminationNotice
from kubectl_dshell.commands.exec.tether import Tether
from kubectl_dshell.errors import ContainerNotRunning
from kubectl_dshell.remote.exec_script import MARK, OWN, OWN_SHELL, program, tether_exec

if TYPE_CHECKING:
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.domain.pod.container_ref import ContainerRef
    from kubectl_dshell.domain.stream import Stream
    from kubectl_dshell.remote.exec_script import ExecScript, Shell

_RETRY_SECONDS = 0.03


def make_tether(  # noqa: PLR0913  # what an exec and its script need
    container: ContainerRef,
    target_id: str,
    session: str,
    ports: Ports,
    *,
    wait: float,
    first: bool,
    lend: bool = False,
    shell: Shell = OWN,
) -> Tether:
    """The tether of a session to its debug container.

    It connects as `Tether.connect` says, or when there is something to send.
    `first`: the debug container is new, and waits for the text of its holder.
    `lend`: its facts tell how to run the tools of the debug container from another one.
    """
    later = tether_exec(target_id, session, lend=lend, shell=shell)
    execs = chain(
        [tether_exec(target_id, session, first=True, lend=lend, shell=shell) if first else later], repeat(later)
    )

    def connect() -> Stream:
        # A server too old for half-close (v4) still carries messages: only the end of the input is lost.
        return _open(container, next(execs), ports, wait=wait, half_close=False)

    leaving = TerminationNotice(container.namespace, container.pod, ports)
    say, warn = leaving.say, ports.notices.interject
    return Tether(session, connect, ports.clock, warn, leaving=say, first=first, text=lambda: program(shell))


def open_exec(
    container: ContainerRef, exec_: ExecScript, ports: Ports, *, wait: float, half_close: bool | None = None
) -> Attempt:
    """Open the exec of a command and send its script; a container that is just starting is given `wait` seconds.

    `half_close`: whether the end of stdin has to reach the command; None: unless it is a terminal.
    """
    stream = _open(container, exec_, ports, wait=wait, half_close=half_close)
    if exec_.tty:
        stream = AfterMark(stream, MARK, holds_input=exec_.is_command, script_bytes=len(exec_.text))
    return Attempt(stream, MARK, tty=exec_.tty, note=OWN_SHELL)


def _open(container: ContainerRef, exec_: ExecScript, ports: Ports, *, wait: float, half_close: bool | None) -> Stream:
    deadline = ports.clock.monotonic() + wait
    while True:
        try:
            namespace, pod, name = container.namespace, container.pod, container.container
            stream = ports.streams.open(
                namespace, pod, name, exec_.argv, stdin=True, tty=exec_.tty, half_close=half_close
            )
        except ContainerNotRunning:
            if ports.clock.monotonic() >= deadline:
                raise
            ports.clock.sleep(_RETRY_SECONDS)
        else:
            stream.send(exec_.text)
            return stream
