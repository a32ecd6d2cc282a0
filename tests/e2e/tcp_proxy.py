"""The network between client and API server, and what can happen to it."""

from __future__ import annotations

import select
import socket
import struct
import threading
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from .cluster import write_kubeconfig

if TYPE_CHECKING:
    from pathlib import Path

    from .cluster import Cluster, Json

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_TICK = 0.02  # seconds until a change is noticed by an idle connection


def connection_at(port: int, cluster: Cluster) -> Json:
    """The `cluster` entry of a kubeconfig that reaches the cluster by this port of 127.0.0.1."""
    entry = {**cluster.connection(), "server": f"https://127.0.0.1:{port}"}
    real = cluster.address()[0]
    return entry if real == "127.0.0.1" else {**entry, "tls-server-name": real}


class Network(StrEnum):
    """Whether bytes pass, are kept waiting, vanish without a word, or find nobody there."""

    PASSING = "passing"
    STALLED = "stalled"
    BLACKHOLE = "blackhole"
    REFUSING = "refusing"


class TcpProxy:
    """Passes bytes between clients of 127.0.0.1:`port` and `server`, until told otherwise; used in a `with`.

    `accepted` counts the connections so far. Without a `port` it is one that is free.
    """

    def __init__(self, server: tuple[str, int], port: int = 0) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", port))
        self._listener.settimeout(_TICK)
        self.port: int = self._listener.getsockname()[1]
        self.accepted = 0
        self._network = Network.PASSING
        self._cuts = 0
        self._threads = [threading.Thread(target=self._accept, name="tcp-proxy")]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self._threads[0].join()
        self.cut()

    def stall(self) -> None:
        """From now on nothing arrives, and nothing is lost."""
        self._network = Network.STALLED

    def proceed(self) -> None:
        """What was kept waiting arrives, and the rest passes again."""
        self._network = Network.PASSING

    def blackhole(self) -> None:
        """From now on everything sent is taken and lost, on old and new connections: nobody hears of an end."""
        self._network = Network.BLACKHOLE

    def cut(self) -> None:
        """Reset every connection and return when that is done; new ones pass."""
        self._cuts += 1
        for thread in self._threads[1:]:
            thread.join()

    def refuse(self) -> None:
        """Reset every connection, new ones too."""
        self._network = Network.REFUSING
        self.cut()

    def restore(self) -> None:
        """New connections pass again; old ones are reset, for what a black hole has taken stays lost."""
        self._network = Network.PASSING
        self.cut()

    def kubeconfig(self, path: Path, cluster: Cluster, user: Json, namespace: str) -> Path:
        """A kubeconfig that reaches the cluster through this proxy and still checks the server's own name."""
        return write_kubeconfig(path, connection_at(self.port, cluster), user, namespace)

    def _accept(self) -> None:
        while self._listener.fileno() >= 0:
            try:
                client = self._listener.accept()[0]
            except TimeoutError:
                continue
            except OSError:  # closed: the end
                return
            self.accepted += 1
            thread = threading.Thread(target=self._pass_on, args=(client, self._cuts), name="tcp-proxy")
            self._threads.append(thread)
            thread.start()

    def _received(self, end: socket.socket) -> bytes:
        """A black hole takes resets, too: as little is heard of them as of any other end."""
        try:
            return end.recv(65536)
        except ConnectionError:
            if self._network is not Network.BLACKHOLE:
                raise
            return b""

    def _pass_on(self, client: socket.socket, cuts: int) -> None:
        """One connection, until either side ends it or it is cut."""
        upstream = socket.create_connection(self._server, timeout=10)
        unsent = {client: b"", upstream: b""}
        source_of = {client: upstream, upstream: client}
        open_ends = set(unsent)
        ended = False
        try:
            while cuts == self._cuts and self._network is not Network.REFUSING:
                moving = self._network is not Network.STALLED
                readers = [end for end in open_ends if moving and not unsent[source_of[end]]]
                writers = [end for end in unsent if moving and unsent[end]]
                readable, writable, _ = select.select(readers, writers, [], _TICK)
                for end in writable:
                    unsent[end] = unsent[end][end.send(unsent[end]) :]
                for end in readable:
                    data = self._received(end)
                    if self._network is Network.PASSING and not data:
                        ended = True
                        return
                    if self._network is Network.PASSING:
                        unsent[source_of[end]] = data
                    elif not data:  # the other side must not hear of it
                        open_ends.remove(end)
        except ConnectionError:
            pass
        finally:
            for end in unsent:
                if not ended:  # a reset would take away what was not read yet
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                end.close()
