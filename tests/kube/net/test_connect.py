"""Requests and execs through every kind of proxy that kubectl knows."""

from __future__ import annotations

import base64
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from kubectl_dshell.domain.stream import Exit
from kubectl_dshell.errors import ConnectionLost
from kubectl_dshell.kube.auth.credentials import Static
from kubectl_dshell.kube.connection.connection import Connection
from kubectl_dshell.kube.exec.upgrade import open_exec
from kubectl_dshell.kube.kubeconfig.named_entry import NamedEntry
from kubectl_dshell.kube.net.tls import client_context, proxy_context
from kubectl_dshell.kube.rest.api import Api
from tests.kube.loopback import Peer, Server
from tests.kube.proxies import AProxy, Http, Https, Socks5
from tests.kube.rig import MEGABYTE, SUCCESS, ended, events_until, proxied

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kube.conftest import Certificates

KINDS = {"socks5": Socks5, "socks5h": Socks5, "http": Http, "https": Https}
NAME = "cluster.test"


@contextmanager
def proxy_before(server: Server, scheme: str, certificates: Certificates, login: str = "") -> Iterator[AProxy]:
    tls = certificates.server_context() if scheme == "https" else None
    with KINDS[scheme](NAME, server.port, login=login, tls=tls) as proxy:
        yield proxy


def through(url: str, certificates: Certificates, **more: Any) -> Connection:
    cluster = NamedEntry("c", {"certificate-authority": str(certificates.path("ca.crt"))})
    secure = proxy_context(cluster) if url.startswith("https:") else None
    proxy = proxied(url, secure)
    return Connection(
        f"https://{NAME}:6443", "d", "t", "j", Static(), client_context(cluster), proxy=proxy, timeout=10, **more
    )


@pytest.mark.parametrize("login", ["", "jane:pass word"])
@pytest.mark.parametrize("scheme", KINDS)
def test_requests_and_execs_go_through(scheme: str, login: str, certificates: Certificates) -> None:
    """The name is known to the proxy alone; a MiB each way shows that what passes is whole."""
    sent = bytes(range(256)) * (MEGABYTE // 256)
    got = bytearray()

    def requests(peer: Peer) -> None:
        for number in range(2):  # over one connection
            body = peer.request()
            assert body == b"{}"
            answer = b'{"number":%d}' % number
            peer.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer))

    def exec_(peer: Peer) -> None:
        peer.accept(followed_by=b"")
        while len(got) < len(sent):
            opcode, data = peer.receive()
            if opcode == 2 and data[:1] == b"\0":
                got.extend(data[1:])
        for start in range(0, len(sent), 65536):
            peer.send(b"\1" + sent[start : start + 65536])
        peer.send(SUCCESS)

    server = Server(requests, exec_, tls=certificates.server_context("named"))
    with proxy_before(server, scheme, certificates, login) as proxy:
        url = proxy.url.replace("socks5", scheme).replace(" ", "%20")
        connection = through(url, certificates)
        api = Api(connection)

        assert [api.post("/x", {}) for _ in range(2)] == [{"number": 0}, {"number": 1}]
        stream = open_exec(connection, "n", "p", "c", ["cat"], stdin=True, tty=False)
        stream.send(sent)
        events = events_until(stream, ended)
        stream.close()

        server.finish()
        assert bytes(got) == sent
        assert b"".join(event.data for event in events if not isinstance(event, Exit)) == sent
        assert proxy.asked == [f"{NAME}:6443"] * 2


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.mark.parametrize("scheme", KINDS)
def test_a_dead_proxy_is_named_at_once(scheme: str, certificates: Certificates) -> None:
    port = closed_port()
    connection = through(f"{scheme}://user:s3cret@127.0.0.1:{port}", certificates)
    says = (
        f"the API server https://{NAME}:6443 cannot be reached: "
        f"the proxy {scheme}://127.0.0.1:{port} cannot be reached: Connection refused"
    )

    for attempt in (
        lambda: Api(connection, sleep=lambda _seconds: pytest.fail("tried again")).get("/x"),
        lambda: open_exec(connection, "n", "p", "c", ["x"], stdin=False, tty=False),
    ):
        with pytest.raises(ConnectionLost) as caught:
            attempt()
        assert caught.value.message == says


@pytest.mark.parametrize(
    ("scheme", "login", "says"),
    [
        ("socks5", "jane:wrong", "it rejected the login"),
        ("socks5", "", "it does not accept a user name and password|it requires a login"),
        ("http", "jane:wrong", "it returned HTTP/1.1 407 Proxy Authentication Required"),
        ("https", "", "it returned HTTP/1.1 407"),
    ],
)
def test_a_login_that_is_refused_is_told_without_it(
    scheme: str, login: str, says: str, certificates: Certificates
) -> None:
    server = Server()
    with proxy_before(server, scheme, certificates, "jane:right") as proxy:
        url = f"{scheme}://{login + '@' if login else ''}127.0.0.1:{proxy.port}"
        with pytest.raises(
            ConnectionLost, match=rf"the proxy {scheme}://127\S+ did not open the connection: {says}"
        ) as caught:
            Api(through(url, certificates)).get("/x")

    assert "wrong" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["socks5", "http"])
def test_a_name_that_the_proxy_does_not_know_is_its_fault(scheme: str, certificates: Certificates) -> None:
    with (
        KINDS[scheme]("other.test", 1) as proxy,
        pytest.raises(ConnectionLost, match=r"did not open the connection: .*(host|503)"),
    ):
        Api(through(proxy.url, certificates)).get("/x")


@pytest.mark.parametrize("first", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x04\x5a", b"\x05\xff", b""])
def test_what_is_no_socks_proxy_is_told(first: bytes, certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        peer.exactly(3)
        peer.sock.sendall(first)

    server = Server(script)
    says = "did not open the connection: it (does not support SOCKS 5|requires a login|closed the connection)"
    with pytest.raises(ConnectionLost, match=says):
        Api(through(f"socks5://127.0.0.1:{server.port}", certificates)).get("/x")
    server.finish()


def test_a_proxy_that_says_a_byte_at_a_time_has_no_more_time_for_it(certificates: Certificates) -> None:
    over = threading.Event()

    def script(peer: Peer) -> None:
        peer.read_head()
        try:
            while not over.wait(0.1):
                peer.sock.sendall(b"x")
        except OSError:
            pass

    server = Server(script)
    connection = through(f"http://127.0.0.1:{server.port}", certificates)
    object.__setattr__(connection, "timeout", 3.0)
    with pytest.raises(ConnectionLost, match="did not open the connection: no response in time"):
        Api(connection).get("/x")
    over.set()
    server.finish()


def test_an_https_proxy_has_to_be_trusted(certificates: Certificates) -> None:
    server = Server()
    says = r"its certificate is not trusted: .*IP address mismatch"
    with (
        Https(NAME, server.port, tls=certificates.server_context("named")) as proxy,
        pytest.raises(ConnectionLost, match=says),
    ):
        Api(through(proxy.url, certificates)).get("/x")


def test_the_end_of_either_side_passes_through_tls_in_tls(certificates: Certificates) -> None:
    def exec_(peer: Peer) -> None:
        peer.accept()
        peer.sock.close()

    server = Server(exec_, tls=certificates.server_context("named"))
    with proxy_before(server, "https", certificates) as proxy:
        stream = open_exec(through(proxy.url, certificates), "n", "p", "c", ["x"], stdin=False, tty=False)
        with pytest.raises(ConnectionLost):
            events_until(stream, ended)
        stream.close()
    server.finish()


def test_a_plain_server_behind_an_http_proxy_is_asked_for_by_its_whole_url() -> None:
    """Few proxies let a tunnel through to a plain server."""

    def script(peer: Peer) -> None:
        peer.request()
        assert peer.head == "GET http://plain.test/x HTTP/1.1"
        assert peer.headers["proxy-authorization"] == "Basic " + base64.b64encode("jané:Ł".encode()).decode()
        peer.answer("200 OK", {"fine": 1})

    server = Server(script)
    proxy = proxied(f"http://jan%C3%A9:%C5%81@127.0.0.1:{server.port}")

    assert Api(Connection("http://plain.test", "d", "t", "j", Static(), proxy=proxy)).get("/x") == {"fine": 1}
    server.finish()
