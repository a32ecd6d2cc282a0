"""Opens the execs of a session in a debug container: its command, and its tether."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.commands.exec.termination_notice import TerminationNotice
from kubectl_dshell.commands.exec.tether import Tether
from kubectl_dshell.errors import ContainerNotRunning
from kubectl_dshell.remote import protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.domain.pod.container_ref import ContainerRef
    from kubectl_dshell.domain.stream import Stream

_RETRY_SECONDS = 0.03


def open_tether(
    container: ContainerRef, target_id: str, session: str, ports: Ports, *, wait: float, late: bool
) -> Tether:
    """The tether of a session to its debug container.

    `late`: it connects only when there is something to send, or a beat is due.
    """
    argv = protocol.tether_argv(target_id, session)

    def connect() -> Stream:
        # A server too old for half-close (v4) still carries messages: only the end of the input is lost.
        return open_exec(container, argv, ports, stdin=True, tty=False, wait=wait, half_close=False)

    leaving = TerminationNotice(container.namespace, container.pod, ports)
    return Tether(session, connect, ports.clock, ports.notices.interject, leaving=leaving.say, late=late)


def open_exec(
    container: ContainerRef,
    argv: Sequence[str],
    ports: Ports,
    *,
    stdin: bool,
    tty: bool,
    wait: float,
    half_close: bool | None = None,
) -> Stream:
    """Open an exec; a container that is just starting is given `wait` seconds."""
    deadline = ports.clock.monotonic() + wait
    while True:
        try:
            namespace, pod, name = container.namespace, container.pod, container.container
            return ports.streams.open(namespace, pod, name, argv, stdin=stdin, tty=tty, half_close=half_close)
        except ContainerNotRunning:
            if ports.clock.monotonic() >= deadline:
                raise
        ports.clock.sleep(_RETRY_SECONDS)
