"""Small proxies on loopback, of every kind that kubectl can use; each resolves one name that nobody else knows."""

from __future__ import annotations

import base64
import contextlib
import select
import socket
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import ssl

SECONDS = 20.0


class AProxy:
    """Leads to `target` (a port of this machine) whoever asks for `name`; used in a `with`. `asked` is what it was asked for."""

    scheme = ""

    def __init__(
        self, name: str, target: int | tuple[str, int], *, login: str = "", tls: ssl.SSLContext | None = None
    ) -> None:
        """`login` is the user:password that it wants; `tls` is for an https one."""
        self.asked: list[str] = []
        self._name, self._login, self._tls = name, login, tls
        self._target = ("127.0.0.1", target) if isinstance(target, int) else target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # Closing alone does not wake who waits in accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    @property
    def url(self) -> str:
        login = f"{self._login}@" if self._login else ""
        return f"{self.scheme}://{login}127.0.0.1:{self.port}"

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self._listener.accept()[0],), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(SECONDS)
        with contextlib.suppress(OSError, EOFError):
            if self._tls:
                client = self._tls.wrap_socket(client, server_side=True)
            with client:
                if not self._greet(client):
                    return
                with socket.create_connection(self._target) as server:
                    _pass_on(client, server)

    def _greet(self, client: socket.socket) -> bool:
        raise NotImplementedError


class Socks5(AProxy):
    scheme = "socks5"

    def _greet(self, client: socket.socket) -> bool:
        _, count = _exactly(client, 2)
        methods = _exactly(client, count)
        wanted = 2 if self._login else 0
        client.sendall(bytes([5, wanted if wanted in methods else 255]))
        if self._login:
            name = _exactly(client, _exactly(client, 2)[1]).decode()
            password = _exactly(client, _exactly(client, 1)[0]).decode()
            good = f"{name}:{password}" == self._login
            client.sendall(bytes([1, not good]))
            if not good:
                return False
        _, _, _, kind = _exactly(client, 4)
        assert kind == 3, "only the proxy knows the name"
        host = _exactly(client, _exactly(client, 1)[0]).decode()
        port = int.from_bytes(_exactly(client, 2), "big")
        self.asked.append(f"{host}:{port}")
        known = host == self._name
        client.sendall(bytes([5, 0 if known else 4, 0, 1, 127, 0, 0, 1, 0, 0]))
        return known


class Http(AProxy):
    scheme = "http"

    def _greet(self, client: socket.socket) -> bool:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += _exactly(client, 1)
        first, *rest = head.decode().split("\r\n")
        self.asked.append(first.split()[1])
        if self._login and f"Proxy-Authorization: Basic {base64.b64encode(self._login.encode()).decode()}" not in rest:
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return False
        if not first.startswith(f"CONNECT {self._name}:"):
            client.sendall(b"HTTP/1.1 503 Service Unavailable\r\n\r\n")
            return False
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        return True


class Https(Http):
    scheme = "https"


def _exactly(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = sock.recv(count - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def _pass_on(client: socket.socket, server: socket.socket) -> None:
    """Until either side ends."""
    other = {client: server, server: client}
    while True:
        pending = getattr(client, "pending", int)()
        for end in [client] if pending else select.select([client, server], [], [], SECONDS)[0]:
            data = end.recv(65536)
            if not data:
                return
            other[end].sendall(data)
