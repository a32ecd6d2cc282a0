"""An API server that a test may stop and start again, while all other tests go on with the cluster's own.

On a cluster of ours it is a second kube-apiserver process on the same store. On any other it is a proxy in front of
the real one, which resets its connections and closes its port: all that a client can see of a server that is gone.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
from abc import ABC, abstractmethod
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hack.cluster.components import commands
from hack.cluster.layout import layout_of
from hack.cluster.lifecycle import running
from hack.cluster.ports import free_port
from tests.waiting import wait_until

from .cluster import Cluster, write_kubeconfig
from .tcp_proxy import TcpProxy, connection_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hack.cluster.layout import Layout
    from hack.cluster.record import Record

    from .cluster import Json

READY_SECONDS = 120.0  # it takes 6 s on an idle machine
_END_SECONDS = 30.0


class ApiServer(ABC):
    """Runs when a test gets it."""

    def __init__(self, cluster: Cluster, folder: Path, port: int) -> None:
        self._cluster = cluster
        self._port = port
        self._readyz = replace(cluster, kubeconfig=folder / "readyz.kubeconfig")
        self.kubeconfig(self._readyz.kubeconfig, cluster.credentials(), "default")

    def kubeconfig(self, path: Path, user: Json, namespace: str) -> Path:
        """A kubeconfig that leads here, for `user`: Cluster.credentials(), or {"token": ...}."""
        return write_kubeconfig(path, connection_at(self._port, self._cluster), user, namespace)

    def ready(self) -> bool:
        """Whether it answers, and says that it can serve."""
        if not _listens(self._port):  # a kubectl costs more to start
            return False
        return self._readyz.kubectl("get", "--raw=/readyz", "--request-timeout=5s", check=False).returncode == 0

    @abstractmethod
    def start(self) -> None:
        """Return when it is ready, on the same port as before; nothing happens when it runs."""

    @abstractmethod
    def stop(self, *, abruptly: bool = False) -> None:
        """Return when its port is closed and every connection is over; `abruptly` is by SIGKILL, not SIGTERM."""


class Process(ApiServer):
    """A second kube-apiserver: same store, same certificates, same flags, but no audit log."""

    def __init__(self, cluster: Cluster, here: Layout, record: Record, folder: Path) -> None:
        super().__init__(cluster, folder, free_port())
        every = commands(here, replace(record.ports, apiserver=self._port), Path(record.binaries))
        words = [word for word in every["kube-apiserver"] if not word.startswith("--audit-")]
        words.append("--shutdown-watch-termination-grace-period=5s")  # else watches keep it from ending for a minute
        self._command = ["setpriv", "--pdeathsig=KILL", *words]  # tests that are killed take it along
        self._log = folder / "kube-apiserver.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """To be called in the main thread: it ends with the thread that has started it."""
        if self._process:
            return
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_until(self._ready_or_over, READY_SECONDS, "the second API server ready")
            assert self._process.poll() is None, f"it ended:\n{self._log.read_text()[-2000:]}"
        except BaseException:
            self.stop(abruptly=True)
            raise

    def stop(self, *, abruptly: bool = False) -> None:
        if self._process is None:
            return
        self._process.send_signal(signal.SIGKILL if abruptly else signal.SIGTERM)
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:  # it waits for a request that does not end
            self._process.kill()
            self._process.wait(_END_SECONDS)
        self._process = None

    def _ready_or_over(self) -> bool:
        assert self._process
        return self._process.poll() is not None or self.ready()


class Proxied(ApiServer):
    """The real API server behind a proxy of ours."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        super().__init__(cluster, folder, free_port())
        self._running = contextlib.ExitStack()
        self._proxy: TcpProxy | None = None

    def start(self) -> None:
        if self._proxy is None:
            self._proxy = self._running.enter_context(TcpProxy(self._cluster.address(), self._port))
            wait_until(self.ready, READY_SECONDS, "the API server ready through the proxy")

    def stop(self, *, abruptly: bool = False) -> None:
        del abruptly  # who is cut off sees no difference
        self._running.close()
        self._proxy = None


@contextlib.contextmanager
def restartable_api_server(cluster: Cluster, folder: Path) -> Iterator[ApiServer]:
    """Runs from the first line to the last; `folder` takes its log."""
    here = layout_of(cluster.kubeconfig)
    record = running(here) if here else None
    server = Process(cluster, here, record, folder) if here and record else Proxied(cluster, folder)
    try:
        server.start()
        yield server
    finally:
        server.stop(abruptly=True)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
