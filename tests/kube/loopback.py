"""A server on loopback that does what a test's scripts say, a connection each: HTTP and WebSocket, byte by byte."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import struct
import threading
from typing import TYPE_CHECKING

from kubectl_dshell.kube.exec.frames import Opcode

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

SECONDS = 20.0
_ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(data: bytes, opcode: Opcode = Opcode.BINARY, *, final: bool = True) -> bytes:
    """One frame as a server sends it: not masked."""
    first = bytes([(0x80 if final else 0) | opcode])
    if len(data) < 126:
        return first + bytes([len(data)]) + data
    if len(data) < 65536:
        return first + b"\x7e" + struct.pack("!H", len(data)) + data
    return first + b"\x7f" + struct.pack("!Q", len(data)) + data


def unmasked(stream: bytes) -> tuple[Opcode, bytes, bytes]:
    """(opcode, payload, what follows) of a client's first frame."""
    length, start = stream[1] & 0x7F, 2
    if length >= 126:
        width = 2 if length == 126 else 8
        length, start = int.from_bytes(stream[2 : 2 + width], "big"), 2 + width
    key, end = stream[start : start + 4], start + 4 + length
    payload = stream[start + 4 : end]
    mask = (key * (length // 4 + 1))[:length]
    plain = (int.from_bytes(payload, "big") ^ int.from_bytes(mask, "big")).to_bytes(length, "big")
    return Opcode(stream[0] & 0x0F), plain, stream[end:]


class Peer:
    """The server's side of one connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.head = ""
        self.headers: dict[str, str] = {}

    def exactly(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            piece = self.sock.recv(count - len(data))
            if not piece:
                raise EOFError
            data += piece
        return bytes(data)

    def read_head(self) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.exactly(1)
        self.head, *lines = head.decode().strip().split("\r\n")
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}

    def request(self) -> bytes:
        """The body of the next request; its head is in `head` and `headers`."""
        self.read_head()
        return self.exactly(int(self.headers.get("content-length", "0")))

    def answer(self, status: str, body: object, *headers: str) -> None:
        """Answer a request: bytes as they are, anything else as JSON; the connection ends with it."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(content)}", "Connection: close", *headers, "", ""]
        self.sock.sendall("\r\n".join(lines).encode() + content)

    def begin_watch(self) -> None:
        self.sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")

    def chunk(self, data: bytes) -> None:
        self.sock.sendall(b"%x\r\n%s\r\n" % (len(data), data))

    def accept(self, protocol: str = "v5.channel.k8s.io", *, followed_by: bytes = b"") -> None:
        """Upgrade, with more bytes in the same write (with TLS: the same record)."""
        self.read_head()
        key = self.headers["sec-websocket-key"].encode()
        accept = base64.b64encode(hashlib.sha1(key + _ACCEPT).digest()).decode()
        self.sock.sendall(
            (
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: {protocol}\r\n\r\n"
            ).encode()
            + followed_by
        )

    def refuse(self, status: str, body: bytes, kind: str = "text/plain") -> None:
        self.read_head()
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        self.sock.sendall(head.encode() + body)

    def send(self, data: bytes, opcode: Opcode = Opcode.BINARY, *, final: bool = True) -> None:
        self.sock.sendall(frame(data, opcode, final=final))

    def receive(self) -> tuple[Opcode, bytes]:
        head = self.exactly(2)
        length = head[1] & 0x7F
        extra = self.exactly({126: 2, 127: 8}.get(length, 0))
        size = int.from_bytes(extra, "big") if extra else length
        opcode, data, _ = unmasked(head + extra + self.exactly(4 + size))
        return opcode, data


class Server:
    """Listens on loopback; `script` plays each connection; what it raises is raised again by `finish`."""

    def __init__(self, *scripts: Callable[[Peer], None], tls: ssl.SSLContext | None = None) -> None:
        self._scripts, self._tls = scripts, tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(SECONDS)
        self.port = self._listener.getsockname()[1]
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def finish(self) -> None:
        self._thread.join(SECONDS)
        assert not self._thread.is_alive(), "the script is not at its end"
        if self._failure is not None:
            raise self._failure

    def _serve(self) -> None:
        try:
            with self._listener:
                for script in self._scripts:
                    self._play(script, self._listener.accept()[0])
        except BaseException as error:  # noqa: BLE001  # told by finish()
            self._failure = error

    def _play(self, script: Callable[[Peer], None], sock: socket.socket) -> None:
        sock.settimeout(SECONDS)
        with sock:
            if self._tls is None:
                script(Peer(sock))
                return
            with self._tls.wrap_socket(sock, server_side=True) as secured:
                script(Peer(secured))


class Crowd(Server):
    """Plays its scripts at the same time, in the order in which the connections come."""

    def _serve(self) -> None:
        threads = []
        try:
            with self._listener:
                for script in self._scripts:
                    sock = self._listener.accept()[0]
                    threads.append(threading.Thread(target=self._alone, args=(script, sock), daemon=True))
                    threads[-1].start()
        except BaseException as error:  # noqa: BLE001  # told by finish()
            self._failure = error
        for thread in threads:
            thread.join(SECONDS)

    def _alone(self, script: Callable[[Peer], None], sock: socket.socket) -> None:
        try:
            self._play(script, sock)
        except BaseException as error:  # noqa: BLE001  # told by finish()
            self._failure = error
