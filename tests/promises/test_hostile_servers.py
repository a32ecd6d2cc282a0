"""Servers that send more, less, or slower than any honest one: what it costs, and that it is told.

Each request is made by a process of its own, whose memory is measured: 150 MB in all.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from kubectl_dshell.kube.exec.frames import Opcode
from tests.kube.loopback import Peer, Server, frame

if TYPE_CHECKING:
    from collections.abc import Callable

MEGABYTE = 1024 * 1024
MOST_MEMORY = 150 * MEGABYTE
TIMEOUT = 2.0

ASK = """
import json, resource, sys, time
from kubectl_dshell.errors import DshellError
from kubectl_dshell.kube.rest.api import Api
from kubectl_dshell.kube.connection.connection import Connection
from kubectl_dshell.kube.auth.credentials import Static
from kubectl_dshell.kube.exec.upgrade import open_exec
from kubectl_dshell.kube.watch.watch import watch
from kubectl_dshell.domain.stream import Exit

port, kind, timeout = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
connection = Connection(f"http://127.0.0.1:{port}", "default", "test", "jane", Static(), timeout=timeout or None)
api = Api(connection, sleep=lambda _seconds: None)
began, said = time.monotonic(), ""

def listen():
    import select
    stream = open_exec(connection, "ns", "web", "box", ["x"], stdin=False, tty=False)
    until = time.monotonic() + 15
    while time.monotonic() < until:
        select.select([stream], [stream] if stream.wants_write else [], [], 0.2)
        stream.flush()
        if any(isinstance(event, Exit) for event in stream.receive()):
            return "exit"

try:
    match kind:
        case "post":
            said = str(len(api.post("/x", {"a": "b"})))
        case "big post":
            said = str(len(api.post("/x", {"a": "b" * 30_000_000})))
        case "read":
            said = str(len(api.read("/x").body))
        case "watch":
            for event in watch(api, "/x", [], time.monotonic() + 15):
                said += str(event)[:99] if event else ""
        case "listen":
            said = listen()
except DshellError as error:
    said = f"{type(error).__name__}: {error.message}"
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS
if sys.platform == "linux":  # there it is kilobytes, and those of the parent before exec count, too
    (line,) = [line for line in open("/proc/self/status") if line.startswith("VmHWM:")]
    memory = int(line.split()[1]) * 1024
print(json.dumps([said, memory, time.monotonic() - began]))
"""


@dataclass
class Cost:
    said: str
    memory: int
    seconds: float


def ask(kind: str, *scripts: Callable[[Peer], None], timeout: float = 0.0) -> Cost:
    """What a request of this kind says of such a server, and costs."""
    server = Server(*scripts)
    done = subprocess.run(
        [sys.executable, "-c", ASK, str(server.port), kind, str(timeout)],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    server.finish()
    cost = Cost(*json.loads(done.stdout))
    print(cost)
    assert cost.memory < MOST_MEMORY, f"{cost.memory / MEGABYTE:.0f} MB for {cost.said[:200]}"
    return cost


def raw(*pieces: bytes, again: bytes = b"") -> Callable[[Peer], None]:
    """Sends what it is given, then `again` for ever, until the client has had enough."""

    def script(peer: Peer) -> None:
        peer.request()
        with contextlib.suppress(OSError, EOFError):
            for piece in pieces:
                peer.sock.sendall(piece)
            while again:
                peer.sock.sendall(again)

    return script


def bomb(megabytes: int) -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb") as file:
        for _ in range(megabytes):
            file.write(b" " * MEGABYTE)
    return packed.getvalue()


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
HUGE = OK + b"Content-Length: 99999999999\r\n\r\n"


def packed(megabytes: int) -> bytes:
    content = bomb(megabytes)
    return OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(content), content)


def whole(body: bytes) -> bytes:
    return OK + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


SIXTEEN = 16 * MEGABYTE - 99


@pytest.mark.parametrize(
    ("kind", "script", "said"),
    [
        pytest.param("post", raw(packed(400)), "is larger than 16 MiB", id="a gzip bomb"),
        pytest.param("read", raw(packed(400)), "is larger than 64 MiB", id="a gzip bomb for a list"),
        pytest.param("read", raw(packed(63)), str(63 * MEGABYTE), id="the longest list"),
        pytest.param("post", raw(HUGE, again=b" " * 65536), "is larger than 16 MiB", id="a body without an end"),
        pytest.param(
            "post", raw(CHUNKED, again=b"10000\r\n%s\r\n" % (b" " * 65536)), "is larger than 16 MiB", id="chunks without an end"
        ),
        pytest.param("post", raw(CHUNKED, b"-5\r\n", again=b"x" * 65536), "not a valid chunk size", id="a chunk of -5"),
        pytest.param("post", raw(CHUNKED, b"-1\r\n", again=b"x" * 65536), "not a valid chunk size", id="a chunk of -1"),
        pytest.param("post", raw(CHUNKED, b"5;", again=b"x" * 65536), "its response", id="an extension without an end"),
        pytest.param("post", raw(CHUNKED, again=b"1\r\nx\r\n" * 9999), "too many chunks", id="chunks of one byte"),
        pytest.param("post", raw(OK, again=b"A: b\r\n" * 99), "its response is not valid HTTP", id="headers without an end"),
        pytest.param("post", raw(OK + b"A: ", again=b"b" * 65536), "its response is not valid HTTP", id="a header without an end"),
        pytest.param("post", raw(again=b"HTTP/1.1 100 Continue\r\n\r\n" * 99), "its response is not valid HTTP", id="100 for ever"),
        pytest.param("post", raw(again=b"x" * 65536), "its response is not valid HTTP", id="no end of the first line"),
        pytest.param("post", raw(whole(b"[" + b"{}," * (SIXTEEN // 3) + b"{}]")), "NotAnApiServer", id="many values"),
        pytest.param("post", raw(whole(b'{"a":' * 999999)), "NotAnApiServer", id="nested"),
        pytest.param("post", raw(whole(b'{"a":' + b"9" * 10**5 + b"}")), "NotAnApiServer", id="a number of 10^5 digits"),
        pytest.param("post", raw(whole(b'{"a":"\xf0\x9f\x98\x80' + b"x" * (SIXTEEN // 2) + b'"}')), "1", id="a long text, wide"),
        pytest.param("post", raw(OK + b"Content-Encoding: br\r\nContent-Length: 1\r\n\r\nx"), "not requested", id="br"),
        pytest.param("post", raw(OK + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nxxxx"), "is not valid gzip", id="no gzip"),
        pytest.param("post", raw(OK + b"Content-Length: 9\r\n\r\n{}"), "its response was cut short", id="a body cut short"),
        pytest.param("post", raw(CHUNKED + b"9\r\n{}"), "its response was cut short", id="a chunk cut short"),
        pytest.param("post", raw(b"HTTP/1.0 200 OK\r\n\r\n" + b'{"a":1}'), "1", id="HTTP/1.0"),
        pytest.param("post", raw(b"HTTP/1.1 100 Continue\r\n\r\n" + whole(b'{"a":1}')), "1", id="100 once"),
        pytest.param("post", raw(CHUNKED + b'7;name="v"\r\n{"a":1}\r\n0\r\n\r\n'), "1", id="an honest extension"),
        pytest.param("watch", raw(CHUNKED, b"fffffff\r\n", again=b"x" * 65536), "more than 16 MiB", id="an event without an end"),
        pytest.param("watch", raw(CHUNKED, b"-5\r\n", again=b"x" * 65536), "not a valid chunk size", id="a watch in chunks of -5"),
        pytest.param("watch", raw(CHUNKED, again=b"x" * 65536), "chunk", id="a watch without lines"),
    ],
)  # fmt: skip
def test_an_answer_that_is_too_much_is_told(kind: str, script: Callable[[Peer], None], said: str) -> None:
    cost = ask(kind, script, timeout=30)

    assert said in cost.said
    assert cost.seconds < 25, "none of these waits for anything"


def slowly(*pieces: bytes, again: bytes = b"x") -> Callable[[Peer], None]:
    """As `raw`, but a byte now and then, which is never late for a timeout of one read."""

    def script(peer: Peer) -> None:
        peer.request()
        with contextlib.suppress(OSError):
            for piece in pieces:
                peer.sock.sendall(piece)
            while True:
                peer.sock.sendall(again)
                time.sleep(TIMEOUT / 20)

    return script


@pytest.mark.parametrize(
    ("kind", "pieces", "said"),
    [
        pytest.param("post", (), "no response in time", id="the first line"),
        pytest.param("post", (OK + b"A: ",), "no response in time", id="a header"),
        pytest.param("post", (HUGE,), "no response in time", id="the body"),
        pytest.param("post", (CHUNKED, b"fffff\r\n"), "no response in time", id="a chunk"),
        pytest.param(
            "listen", (b"HTTP/1.1 101 x\r\nA: ",), "did not respond to the WebSocket handshake", id="an upgrade"
        ),
        pytest.param(
            "listen",
            (b"HTTP/1.1 500 x\r\nContent-Length: 999\r\n\r\n",),
            "did not respond",
            id="the refusal of an upgrade",
        ),
    ],
)
def test_an_answer_that_comes_a_byte_at_a_time_has_a_deadline(kind: str, pieces: tuple[bytes, ...], said: str) -> None:
    cost = ask(kind, slowly(*pieces), timeout=TIMEOUT)

    assert said in cost.said
    assert TIMEOUT * 0.9 < cost.seconds < TIMEOUT + 8


def test_a_server_that_goes_while_megabytes_are_sent_is_a_lost_connection() -> None:
    def script(peer: Peer) -> None:
        peer.read_head()
        peer.sock.recv(65536)

    assert ask("big post", script).said.startswith("TransientConnectionError: the API server http://127.0.0.1:")


def upgraded(play: Callable[[Peer], None]) -> Callable[[Peer], None]:
    def script(peer: Peer) -> None:
        peer.accept()
        with contextlib.suppress(OSError):
            play(peer)

    return script


def endlessly(data: bytes) -> Callable[[Peer], None]:
    def play(peer: Peer) -> None:
        while True:
            peer.sock.sendall(data)

    return play


def pings(peer: Peer) -> None:
    """Reads no answer before it has sent all."""
    for _ in range(3000):
        peer.sock.sendall(frame(b"p" * 125, Opcode.PING) * 100)
    peer.send(b'\x03{"status":"Success"}')
    while peer.sock.recv(65536):
        pass


@pytest.mark.parametrize(
    ("play", "said"),
    [
        pytest.param(
            endlessly(b"\x02\x00" + b"\x00\x00" * 9999),
            "not the WebSocket protocol",
            id="empty fragments without an end",
        ),
        pytest.param(endlessly(b"\x82\x7f\0\0\0\0\x04\0\0\0"), "not the WebSocket protocol", id="a frame of 64 MiB"),
        pytest.param(
            endlessly(b"\x02\x7f\0\0\0\0\0\x80\0\0" + b"x" * 8 * MEGABYTE),
            "not the WebSocket protocol",
            id="fragments of 8 MiB",
        ),
        pytest.param(lambda peer: peer.send(b"\x03" + b"x" * (15 * MEGABYTE)), "exit", id="a status of 15 MiB"),
        pytest.param(endlessly(frame(b"p" * 126, Opcode.PING)), "not the WebSocket protocol", id="a large ping"),
        pytest.param(pings, "exit", id="37 MB of pings of one who does not read"),
    ],
)
def test_a_stream_that_is_too_much_is_told(play: Callable[[Peer], None], said: str) -> None:
    cost = ask("listen", upgraded(play))

    assert said in cost.said
    assert cost.seconds < 15
