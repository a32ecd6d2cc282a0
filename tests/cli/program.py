"""The program with hand-made ports, to be run as a process of its own: `python -m tests.cli.program ARGS`.

One pod, web in shop, with a debug container of ours, and a cluster that does as it is told.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from kubectl_dshell import __main__ as program
from kubectl_dshell.cli import wiring
from kubectl_dshell.cli.flags.connection import ConnectionFlags
from kubectl_dshell.cli.wiring import StandardTerminal
from kubectl_dshell.commands.ports import Ports
from kubectl_dshell.domain.pod.watch_event import PodEvent
from kubectl_dshell.domain.stream import Companion, Exit, Stream
from kubectl_dshell.domain.text.invocation import Invocation
from kubectl_dshell.errors import Interrupted
from kubectl_dshell.kube.auth.user_terminal import UserTerminal
from kubectl_dshell.output.notices import Notices
from kubectl_dshell.terminal.relay import relay
from kubectl_dshell.terminal.signals import Signals
from kubectl_dshell.terminal.stdio_fds import StdioFds
from tests.commands.world import Exec, FakeCluster, FakeStream, FakeStreams, World, end_when_told, running_holder

_ROOT = Path(__file__).parents[2]


class Streams(FakeStreams):
    """Every command succeeds at once."""

    def answer(self, asked: Exec) -> Stream:
        return super().answer(asked) if asked.mode in ("tether", "state") else FakeStream([Exit(0)])


class Cluster(FakeCluster):
    """A watch of it is interrupted."""

    def watch_debugged(self, namespace: str | None, selector: str = "", name: str = "") -> Iterator[PodEvent | None]:
        yield None
        raise Interrupted(signal.SIGINT)


class Pipes(StandardTerminal):
    """Whatever our descriptors are."""

    def __init__(self, signals: Signals) -> None:
        super().__init__(signals, UserTerminal())

    def relay(self, stream: Stream, companion: Companion, *, stdin: bool, tty: bool) -> Exit:
        del tty
        return relay(stream, StdioFds(stdin=0 if stdin else None), companion, self._signals)


@contextmanager
def ports(
    flags: ConnectionFlags, namespace: str | None, *, quiet: bool, unattended: float | None = None
) -> Iterator[tuple[Ports, str]]:
    """In place of `wiring.ports`."""
    del namespace, unattended
    world = World(cluster=Cluster(), streams=Streams())
    end_when_told(world)
    running_holder(world)
    world.pod["status"]["ephemeralContainerStatuses"][0]["state"]["running"]["startedAt"] = "2025-12-31T21:00:00Z"
    with Signals() as signals:
        invocation, notices = Invocation(flags.to_type_again()), Notices(quiet=quiet)
        yield replace(world.ports(), notices=notices, terminal=Pipes(signals), invocation=invocation), "shop"


def environment(**more: str) -> dict[str, str]:
    """Of a subprocess that runs this."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "KUBECONFIG")}
    return {**kept, "PYTHONPATH": str(_ROOT), "LC_ALL": "C.UTF-8", **more}


if __name__ == "__main__":
    wiring.ports = ports
    program.run()
