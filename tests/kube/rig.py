"""Connections to servers on loopback, and a poller like the relay."""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING

from kubectl_dshell.domain.stream import Event, Exit
from kubectl_dshell.kube.auth.credentials import Static
from kubectl_dshell.kube.connection.connection import Connection
from kubectl_dshell.kube.exec.stream import ExecStream
from kubectl_dshell.kube.exec.upgrade import open_exec
from kubectl_dshell.kube.kubeconfig.named_entry import NamedEntry
from kubectl_dshell.kube.kubeconfig.secret import Secret
from kubectl_dshell.kube.net.connect import Proxy
from kubectl_dshell.kube.net.endpoint import endpoint
from kubectl_dshell.kube.net.proxy import SCHEMES
from kubectl_dshell.kube.net.tls import client_context, load_client_certificate
from tests.kube.loopback import SECONDS, Peer, Server

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from tests.kube.conftest import Certificates

SUCCESS = b'\x03{"status":"Success"}'
MEGABYTE = 1024 * 1024


def connection(port: int, *, scheme: str = "http") -> Connection:
    return Connection(f"{scheme}://127.0.0.1:{port}", "default", "test", "jane", Static())


def secure(port: int, certificates: Certificates, *, name: str | None = None) -> Connection:
    tls = client_context(NamedEntry("c", {"certificate-authority": str(certificates.path("ca.crt"))}))
    load_client_certificate(tls, certificates.read("jane.crt"), Secret(certificates.read("jane.key").decode()), "jane")
    return Connection(f"https://127.0.0.1:{port}", "default", "test", "jane", Static(Secret("Bearer t0ken")), tls, name)


def proxied(url: str, tls: ssl.SSLContext | None = None) -> Proxy:
    return Proxy(endpoint(url, "it", SCHEMES), tls)


def open_stream(server: Server, *, stdin: bool = True, tty: bool = False) -> ExecStream:
    return open_exec(connection(server.port), "ns", "web", "box", ["cat"], stdin=stdin, tty=tty)


def events_until(stream: ExecStream, enough: Callable[[list[Event]], bool]) -> list[Event]:
    """Poll and receive, as the relay does, until `enough`."""
    events: list[Event] = []
    deadline = time.monotonic() + SECONDS
    while not enough(events):
        assert time.monotonic() < deadline, f"only {events[:5]} arrived"
        wanted = [stream] if stream.wants_write else []
        readable, _, _ = select.select([stream], wanted, [], 1)
        stream.flush()
        if readable:
            events += stream.receive()
    return events


def ended(events: list[Event]) -> bool:
    return any(isinstance(event, Exit) for event in events)


def answering(status: str, body: object, *headers: str) -> Callable[[Peer], None]:
    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(status, body, *headers)

    return script


class Renewing:
    """Credentials that the server rejects until they are renewed."""

    def __init__(self) -> None:
        self.number = 1

    def authorization(self) -> Secret:
        return Secret(f"Bearer t{self.number}")

    def certificate(self) -> None:
        return None

    def refresh(self) -> bool:
        self.number += 1
        return True
