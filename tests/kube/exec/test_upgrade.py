"""The handshake of an exec against a server on loopback."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import TYPE_CHECKING

import pytest

from kubectl_dshell.errors import (
    ApiError,
    BadConfig,
    ConnectionLost,
    ContainerNotRunning,
    DshellError,
    ExitStatus,
    PermissionDenied,
    PodNotFound,
    Unavailable,
)
from kubectl_dshell.kube.auth.credentials import Static
from kubectl_dshell.kube.connection.connection import Connection
from kubectl_dshell.kube.exec import channel
from kubectl_dshell.kube.exec.upgrade import open_exec
from kubectl_dshell.kube.kubeconfig.named_entry import NamedEntry
from kubectl_dshell.kube.kubeconfig.secret import Secret
from kubectl_dshell.kube.net.tls import client_context
from kubectl_dshell.kube.rest.request_trace import RequestTrace
from tests.kube.loopback import Peer, Server
from tests.kube.rig import Renewing, connection, open_stream, proxied, secure

if TYPE_CHECKING:
    from tests.kube.conftest import Certificates


def test_the_request_names_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    peers: list[Peer] = []

    def script(peer: Peer) -> None:
        peer.accept()
        peers.append(peer)

    server = Server(script)
    lines: list[str] = []
    jane = Connection(
        f"http://127.0.0.1:{server.port}/prefix",
        "default",
        "test",
        "jane",
        Static(Secret("Bearer t0ken")),
        impersonation=(("Impersonate-User", "eve"), ("Impersonate-Group", "a"), ("Impersonate-Group", "b")),
    )
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")  # only Connection.proxy counts

    open_exec(
        jane, "ns", "web", "box", ["sh", "-c", "a&b c"], stdin=True, tty=True, trace=RequestTrace(6, lines.append)
    ).close()

    server.finish()
    assert peers[0].head == (
        "GET /prefix/api/v1/namespaces/ns/pods/web/exec?container=box&command=sh&command=-c&command=a%26b+c"
        "&stdin=true&stdout=true&tty=true HTTP/1.1"
    )
    assert peers[0].headers["authorization"] == "Bearer t0ken"
    assert peers[0].headers["sec-websocket-protocol"] == "v5.channel.k8s.io,v4.channel.k8s.io"
    assert peers[0].headers["user-agent"].startswith("kubectl-dshell/")
    assert peers[0].headers["impersonate-user"] == "eve"
    assert "origin" not in peers[0].headers
    assert peers[0].headers["impersonate-group"] == "b", "the second one; a dict keeps the last"
    assert len(lines) == 1
    assert "101 Switching Protocols" in lines[0]
    assert "t0ken" not in lines[0]


@pytest.mark.parametrize(
    ("status", "body", "kind", "code", "reason", "message", "error"),
    [
        pytest.param(
            "500 Internal Server Error",
            b'container not found ("box")\n',
            "text/plain",
            500,
            "Internal Server Error",
            'container not found ("box")',
            ContainerNotRunning,
            id="the kubelet's plain text",
        ),
        pytest.param(
            "403 Forbidden",
            b'{"kind":"Status","reason":"Forbidden","message":"pods \\"web\\" is forbidden: ","code":403}',
            "application/json",
            403,
            "Forbidden",
            'pods "web" is forbidden: ',
            PermissionDenied,
            id="a Status",
        ),
        pytest.param("404 Not Found", b"", "text/plain", 404, "Not Found", "Not Found", PodNotFound, id="no body"),
        pytest.param("500 Oh", b"x" * 5000, "text/plain", 500, "Oh", "x" * 1000, ApiError, id="nothing to explain"),
    ],
)
def test_a_refused_upgrade_is_an_api_error_and_explained(
    status: str, body: bytes, kind: str, code: int, reason: str, message: str, error: type[DshellError]
) -> None:
    server = Server(lambda peer: peer.refuse(status, body, kind))

    with pytest.raises(error) as caught:
        open_stream(server)

    server.finish()
    answer = caught.value if isinstance(caught.value, ApiError) else caught.value.__cause__
    assert isinstance(answer, ApiError)
    assert (answer.code, answer.reason) == (code, reason)
    assert answer.message.startswith(message)
    assert len(answer.message) <= 1000
    assert answer.request == "GET /api/v1/namespaces/ns/pods/web/exec"


def test_rejected_credentials_name_the_user() -> None:
    server = Server(lambda peer: peer.refuse("401 Unauthorized", b"{}"))

    with pytest.raises(BadConfig, match=r'credentials of user "jane" \(context "test"\)'):
        open_stream(server)
    server.finish()


def test_rejected_credentials_are_renewed_once() -> None:
    seen: list[str] = []

    def accept(peer: Peer) -> None:
        peer.accept()
        seen.append(peer.headers["authorization"])

    server = Server(lambda peer: peer.refuse("401 Unauthorized", b"{}"), accept)
    jane = Connection(f"http://127.0.0.1:{server.port}", "default", "test", "jane", Renewing())

    open_exec(jane, "ns", "web", "box", ["cat"], stdin=True, tty=False).close()

    server.finish()
    assert seen == ["Bearer t2"]


def test_an_upgrade_that_is_put_off_is_asked_for_again_and_no_other() -> None:
    def later(peer: Peer) -> None:
        peer.read_head()
        peer.answer("429 Too Many Requests", b"{}", "Retry-After: 0")

    server = Server(later, later, lambda peer: peer.accept())
    open_stream(server).close()
    server.finish()

    status = b'{"kind":"Status","message":"not now"}'
    once = Server(lambda peer: peer.refuse("503 Service Unavailable", status))
    with pytest.raises(ApiError, match="not now"):
        open_stream(once)
    once.finish()


def test_the_answer_is_not_waited_for_longer_than_asked() -> None:
    def silent(peer: Peer) -> None:
        peer.read_head()
        assert peer.sock.recv(1) == b""

    server = Server(silent)

    with pytest.raises(Unavailable, match="did not respond to the WebSocket handshake"):
        open_exec(connection(server.port), "n", "p", "c", ["x"], stdin=False, tty=False, seconds=0.2)
    server.finish()


def test_an_answer_that_comes_a_byte_at_a_time_is_not_waited_for_longer() -> None:
    def slow(peer: Peer) -> None:
        peer.read_head()
        peer.sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nX-Slow: ")
        peer.sock.settimeout(0.1)
        while True:
            peer.sock.sendall(b"x")
            try:
                assert peer.sock.recv(1) == b""
            except TimeoutError:
                continue
            return

    server = Server(slow)
    began = time.monotonic()

    with pytest.raises(Unavailable, match="did not respond to the WebSocket handshake"):
        open_exec(connection(server.port), "n", "p", "c", ["x"], stdin=False, tty=False, seconds=1)

    assert 0.9 < time.monotonic() - began < 10
    server.finish()


PAGE = b"<html><body>" + b"x" * 5000
UPGRADE = b'{"kind":"Status","status":"Failure","message":"Upgrade request required","reason":"BadRequest","code":400}'


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        pytest.param(
            "403 Forbidden", b"Forbidden\n", "text/plain", "returned 403 Forbidden (Forbidden)", id="kubectl proxy"
        ),
        pytest.param("403 Forbidden", PAGE, "text/html", "returned 403 Forbidden with a web page", id="403, a page"),
        pytest.param(
            "502 Bad Gateway", PAGE, "text/html", "returned 502 Bad Gateway with a web page", id="502, a page"
        ),
        pytest.param("502 Bad Gateway", b"", "text/plain", "returned 502 Bad Gateway (Bad Gateway)", id="502, nothing"),
        pytest.param("200 OK", PAGE, "text/html", "returned 200 OK with a web page", id="200, a page"),
        pytest.param(
            "400 Bad Request", UPGRADE, "application/json", "(Upgrade request required)", id="no Upgrade came"
        ),
        pytest.param(
            "400 Bad Request",
            b"unable to upgrade: missing upgrade headers in request",
            "text/plain",
            "(unable to upgrade: missing",
            id="no Upgrade came to the kubelet",
        ),
        pytest.param("426 Upgrade Required", b"", "text/plain", "returned 426", id="426"),
    ],
)
def test_what_lets_no_websocket_through_is_named(status: str, body: bytes, kind: str, said: str) -> None:
    server = Server(lambda peer: peer.refuse(status, body, kind))

    with pytest.raises(Unavailable) as caught:
        open_stream(server)

    server.finish()
    assert caught.value.status is ExitStatus.UNAVAILABLE
    assert f"http://127.0.0.1:{server.port}/api/v1/namespaces/ns/pods/web/exec" in caught.value.message
    assert said in caught.value.message
    assert "<" not in caught.value.message
    assert caught.value.advice[-1].startswith(
        "Something between this machine and the API server lets no WebSocket through"
    )
    assert ("--reject-paths" in caught.value.advice[0]) is (body == b"Forbidden\n")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 101 Switching Protocols\r\n\r\n", id="no accept"),
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", id="ssh"),
        pytest.param(b"\xff\xfe\x00\r\n\r\n", id="noise"),
        pytest.param(b"HTTP/1.1 101 x\r\n" + b"A: b\r\n" * 200, id="too many headers"),
        pytest.param(b"HTTP/1.1 101 x\r\nA: " + b"b" * 70000 + b"\r\n\r\n", id="a long header"),
        pytest.param(b"HTTP/1.1 100 x\r\n\r\n" * 20000, id="100 Continue for ever"),
        pytest.param(b"HTTP/1.1 500 x\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n", id="a negative chunk"),
    ],
)
def test_an_answer_that_is_no_websocket_is_told(answer: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.read_head()
        with contextlib.suppress(OSError):  # the client has heard enough
            peer.sock.sendall(answer)

    server = Server(script)

    with pytest.raises(Unavailable, match="did not open a WebSocket"):
        open_stream(server)
    server.finish()


def test_a_refusal_of_any_length_is_read_to_a_bound() -> None:
    def script(peer: Peer) -> None:
        peer.read_head()
        peer.sock.sendall(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 99999999999\r\n\r\n")
        with contextlib.suppress(OSError):
            while True:
                peer.sock.sendall(b"x" * 65536)

    server = Server(script)

    with pytest.raises(ApiError) as caught:
        open_stream(server)
    server.finish()
    assert caught.value.message == "x" * 1000


def test_a_redirect_does_not_get_our_credentials() -> None:
    elsewhere = Server(lambda peer: peer.accept())
    to = f"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:{elsewhere.port}/\r\nContent-Length: 0\r\n\r\n"

    def script(peer: Peer) -> None:
        peer.read_head()
        peer.sock.sendall(to.encode())

    server = Server(script)

    with pytest.raises(Unavailable, match="returned 302 Found, a redirect to ws://"):
        open_stream(server)

    server.finish()
    with socket.create_connection(("127.0.0.1", elsewhere.port)):  # nobody was there before us
        pass
    with pytest.raises(EOFError):
        elsewhere.finish()


@pytest.mark.parametrize(
    ("stdin", "tty", "half_close", "refused"),
    [
        pytest.param(True, False, None, True, id="piped stdin"),
        pytest.param(True, False, True, True, id="an archive"),
        pytest.param(True, True, None, False, id="a terminal"),
        pytest.param(False, False, None, False, id="no stdin"),
        pytest.param(True, False, False, False, id="stdin whose end does not matter"),
    ],
)
def test_v4_cannot_end_piped_input(stdin: bool, tty: bool, half_close: bool | None, refused: bool) -> None:
    server = Server(lambda peer: peer.accept("v4.channel.k8s.io"))

    if refused:
        with pytest.raises(Unavailable, match="cannot signal the end of piped input") as caught:
            open_exec(connection(server.port), "n", "p", "c", ["cat"], stdin=stdin, tty=tty, half_close=half_close)
        [advice] = caught.value.advice
        assert advice.startswith("Piped input needs v5.channel.k8s.io (Kubernetes 1.30, ")
        assert advice.endswith(": -I") == (half_close is None), "nothing else works where the end is needed anyway"
    else:
        stream = open_exec(connection(server.port), "n", "p", "c", ["cat"], stdin=stdin, tty=tty, half_close=half_close)
        assert stream.protocol == channel.V4
        stream.end_input()
        assert stream.backlog == 0
        stream.close()
    server.finish()


def test_a_server_without_our_protocols_is_told() -> None:
    server = Server(lambda peer: peer.accept("v1.something"))

    with pytest.raises(Unavailable, match="did not open a WebSocket"):
        open_stream(server)
    server.finish()


def test_nobody_listening_is_a_lost_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    with pytest.raises(ConnectionLost, match=rf"127.0.0.1:{port} cannot be reached: Connection refused"):
        open_exec(connection(port), "ns", "web", "box", ["cat"], stdin=False, tty=False)


def test_the_server_is_checked_by_the_name_it_should_have(certificates: Certificates) -> None:
    server = Server(lambda peer: peer.accept(), tls=certificates.server_context("named", ask=True))

    there = secure(server.port, certificates, name="cluster.test")
    stream = open_exec(there, "n", "p", "c", ["x"], stdin=False, tty=False)

    assert stream.protocol == channel.V5
    stream.close()
    server.finish()


def test_a_server_with_another_name_is_not_trusted(certificates: Certificates) -> None:
    server = Server(lambda peer: peer.accept(), tls=certificates.server_context("named"))

    with pytest.raises(BadConfig, match=r"is not trusted: .*IP address mismatch"):
        open_exec(secure(server.port, certificates), "n", "p", "c", ["x"], stdin=False, tty=False)


def test_a_proxy_is_asked_for_a_tunnel(certificates: Certificates) -> None:
    heads: list[str] = []
    logins: list[str] = []

    def script(peer: Peer) -> None:
        peer.read_head()
        heads.append(peer.head)
        logins.append(peer.headers["proxy-authorization"])
        peer.sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        inner = certificates.server_context("named").wrap_socket(peer.sock, server_side=True)
        Peer(inner).accept()
        inner.close()

    proxy = Server(script)
    jane = Connection(
        "https://cluster.test:6443",
        "default",
        "test",
        "jane",
        Static(),
        tls=client_context(NamedEntry("c", {"certificate-authority": str(certificates.path("ca.crt"))})),
        proxy=proxied(f"http://us%40er:pw@127.0.0.1:{proxy.port}"),
    )

    open_exec(jane, "n", "p", "c", ["x"], stdin=False, tty=False).close()

    proxy.finish()
    assert heads == ["CONNECT cluster.test:6443 HTTP/1.1"]
    assert logins == ["Basic dXNAZXI6cHc="]


def test_a_proxy_that_refuses_is_named() -> None:
    proxy = Server(lambda peer: peer.refuse("407 Proxy Authentication Required", b""))
    jane = Connection(
        "http://cluster.test", "default", "t", "jane", Static(), proxy=proxied(f"http://127.0.0.1:{proxy.port}")
    )

    with pytest.raises(
        ConnectionLost, match=r"the proxy http://127.0.0.1:\d+ did not open the connection: it returned .*407"
    ):
        open_exec(jane, "n", "p", "c", ["x"], stdin=False, tty=False)
    proxy.finish()
