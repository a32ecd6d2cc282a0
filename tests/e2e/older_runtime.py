"""A cluster without a feature: the real one, behind a proxy that leaves it out.

`status.containerStatuses[].user` is there since Kubernetes 1.31 and containerd 2.0, the end of piped input since 1.30, and
image volumes since 1.31 (off until 1.35). A server that knows no image volume drops the field; nothing else differs.
"""

from __future__ import annotations

import http.client
import json
import select
import ssl
import subprocess
import threading
from contextlib import closing, suppress
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from .cluster import write_kubeconfig

if TYPE_CHECKING:
    from pathlib import Path

    from .cluster import Cluster

_HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "accept-encoding", "keep-alive", "upgrade"}
_STATUSES = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")


def without_users(value: Any) -> Any:
    """The same JSON without the `user` of any container status, in whatever list or watch event it stands."""
    match value:
        case list():
            return [without_users(item) for item in value]
        case dict():
            kept = {key: without_users(item) for key, item in value.items()}
            for name in _STATUSES:
                for status in kept.get(name) or []:
                    status.pop("user", None)
            return kept
        case _:
            return value


class Feature(Enum):
    V5 = auto()
    """Of the exec's protocols the one that can end the input (feature gate TranslateStreamCloseWebsocketRequests)."""
    IMAGE_VOLUMES = auto()


def without_image_volumes(pod: Any) -> Any:
    """The body of a request as it is decoded where `volumes[].image` is unknown."""
    for volume in (pod.get("spec") or {}).get("volumes") or []:
        volume.pop("image", None)
    return pod


class OlderRuntime:
    """A TLS reverse proxy with a certificate of its own; `kubeconfig()` leads through it. Used in a `with`.

    Users are told by their bearer token alone: a client's certificate cannot pass. The first `too_many` requests are
    answered as by an API server that has too much to do: 429, Retry-After: 1. `streams` is what whoever asks for a
    WebSocket is answered, byte by byte; nothing: never. `drops_upgrades`: as a reverse proxy that was not told of
    WebSockets. `watches` is all that a watch tells, and whether it then stays. `lacks`: features beside the users.
    """

    def __init__(
        self,
        cluster: Cluster,
        folder: Path,
        *,
        too_many: int = 0,
        streams: bytes | None = None,
        watches: tuple[bytes, bool] | None = None,
        drops_upgrades: bool = False,
        lacks: Feature | None = None,
    ) -> None:
        self._certificate, key = folder / "proxy.crt", folder / "proxy.key"
        _write_certificate(self._certificate, key)
        upstream = ssl.create_default_context(cadata=cluster.certificate_authority())
        address = cluster.address()
        turned_away = iter(range(too_many))

        class Handler(_Handler):
            def connect(self) -> http.client.HTTPSConnection:
                return http.client.HTTPSConnection(*address, context=upstream, timeout=60)

            @property
            def lacks(self) -> Feature | None:
                return lacks

            @property
            def streams(self) -> bytes | None:
                return streams

            @property
            def watches(self) -> tuple[bytes, bool] | None:
                return watches

            @property
            def wants_upgrade(self) -> bool:
                return "upgrade" in self.headers.get("Connection", "").lower() and not drops_upgrades

            def crowded(self) -> bool:
                return next(turned_away, None) is not None

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self._certificate, key)
        self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def kubeconfig(self, path: Path, token: str, namespace: str) -> Path:
        server = f"https://127.0.0.1:{self._server.server_address[1]}"
        connection = {"server": server, "certificate-authority": str(self._certificate)}
        return write_kubeconfig(path, connection, {"token": token}, namespace)


class _Handler(BaseHTTPRequestHandler):
    """One request, one connection: `Connection: close` both ways keeps bodies simple."""

    protocol_version = "HTTP/1.1"

    def connect(self) -> http.client.HTTPSConnection:
        raise NotImplementedError

    def crowded(self) -> bool:
        raise NotImplementedError

    @property
    def lacks(self) -> Feature | None:
        raise NotImplementedError

    @property
    def streams(self) -> bytes | None:
        raise NotImplementedError

    @property
    def watches(self) -> tuple[bytes, bool] | None:
        raise NotImplementedError

    @property
    def wants_upgrade(self) -> bool:
        raise NotImplementedError

    def log_message(self, *_: object) -> None:
        pass

    def _forward(self) -> None:
        self.close_connection = True
        if self.crowded():
            self._turn_away()
            return
        with closing(self.connect()) as upstream, suppress(OSError):  # a client may leave its watch
            upstream.connect()
            if self.wants_upgrade and self.streams is not None:
                self.wfile.write(self.streams)
                self.rfile.read(1 if not self.streams else 0)  # never: until the client has enough of it
                return
            if "watch=1" in self.path and self.watches is not None:
                self._watch(*self.watches)
                return
            if self.wants_upgrade:
                self._tunnel(upstream)
                return
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.lacks is Feature.IMAGE_VOLUMES and body:
                body = json.dumps(without_image_volumes(json.loads(body))).encode()
            kept = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
            upstream.request(self.command, self.path, body or None, kept)
            with closing(upstream.getresponse()) as response:
                self._answer(response)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _forward  # noqa: N815 - the base class looks for these

    def _watch(self, told: bytes, stays: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(told)
        if stays:
            self.rfile.read(1)  # until the client leaves

    def _turn_away(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        message = "the server has received too many requests: try again later"
        status = {"kind": "Status", "reason": "TooManyRequests", "message": message, "code": 429}
        self.send_response(429)
        for name, value in (("Content-Type", "application/json"), ("Retry-After", "1"), ("Connection", "close")):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(json.dumps(status).encode())

    def _answer(self, response: http.client.HTTPResponse) -> None:
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        if "json" not in response.getheader("Content-Type", ""):
            self.wfile.write(response.read())
            return
        events = "watch=" in self.path  # a line each, while a document may have many
        for document in iter(response.readline, b"") if events else [response.read()]:
            self.wfile.write(json.dumps(without_users(json.loads(document))).encode() + b"\n")

    def _tunnel(self, upstream: http.client.HTTPSConnection) -> None:
        head = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        client, server = self.connection, upstream.sock
        assert isinstance(client, ssl.SSLSocket)
        assert isinstance(server, ssl.SSLSocket)
        # after a refusal the client asks again over the same connection: every head that passes is changed
        offer = b"v5.channel.k8s.io," if self.lacks is Feature.V5 else None
        server.sendall(_without(offer, f"{self.requestline}\r\n{head}\r\n".encode()))
        _pass_on(client, server, offer)


def _without(offer: bytes | None, data: bytes) -> bytes:
    return data.replace(offer, b"") if offer else data


def _pass_on(client: ssl.SSLSocket, server: ssl.SSLSocket, offer: bytes | None) -> None:
    """Until either side ends it. One thread for both ways: an SSLSocket does not bear two."""
    peers = {client: server, server: client}
    try:
        while True:
            ready = [end for end in peers if end.pending()] or select.select(list(peers), [], [])[0]
            for end in ready:
                if not (data := end.recv(65536)):
                    return
                peers[end].sendall(_without(offer, data) if end is client else data)
    except OSError:
        return


def _write_certificate(certificate: Path, key: Path) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=proxy"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command, *names, *files], check=True, capture_output=True)
