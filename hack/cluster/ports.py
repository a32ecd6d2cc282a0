"""TCP ports of 127.0.0.1 that nobody listens on."""

from __future__ import annotations

import contextlib
import random
import socket
from dataclasses import dataclass, fields

# Below the kernel's default range for outgoing connections, which would take a port between choice and use.
_RANGE = range(20000, 30000)


@dataclass(frozen=True, slots=True)
class Ports:
    apiserver: int
    etcd_client: int
    etcd_peer: int
    kubelet: int
    kubelet_healthz: int
    controller_manager: int
    scheduler: int


def pick() -> Ports:
    """Free ports, each its own; held together until all are found."""
    chosen: dict[str, int] = {}
    with contextlib.ExitStack() as held:
        candidates = iter(random.sample(_RANGE, len(_RANGE)))
        for field in fields(Ports):
            chosen[field.name] = next(port for port in candidates if _taken_into(held, port))
    return Ports(**chosen)


def free_port() -> int:
    """One that does not change hands as the kernel's own choices do: it can be closed and taken again."""
    with contextlib.ExitStack() as held:
        return next(port for port in random.sample(_RANGE, len(_RANGE)) if _taken_into(held, port))


def _taken_into(held: contextlib.ExitStack, port: int) -> bool:
    listener = held.enter_context(socket.socket())
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True
