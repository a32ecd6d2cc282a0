"""Requests over TLS and through a proxy."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest

from kubectl_dshell.errors import BadConfig
from kubectl_dshell.kube.auth.credentials import Static
from kubectl_dshell.kube.connection.connection import Connection
from kubectl_dshell.kube.kubeconfig.named_entry import NamedEntry
from kubectl_dshell.kube.kubeconfig.secret import Secret
from kubectl_dshell.kube.net.tls import client_context, load_client_certificate
from kubectl_dshell.kube.rest.api import Api
from tests.kube.loopback import Peer, Server
from tests.kube.rig import answering, proxied

if TYPE_CHECKING:
    from tests.kube.conftest import Certificates


def secured(server: Server, certificates: Certificates, *, name: str | None = None, jane: bool = True) -> Api:
    tls = client_context(NamedEntry("c", {"certificate-authority": str(certificates.path("ca.crt"))}))
    if jane:
        load_client_certificate(
            tls, certificates.read("jane.crt"), Secret(certificates.read("jane.key").decode()), "jane"
        )
    url = f"https://127.0.0.1:{server.port}"
    return Api(Connection(url, "default", "test", "jane", Static(), tls, name), sleep=lambda _seconds: None)


def test_a_client_certificate_speaks_for_us(certificates: Certificates) -> None:
    subjects: list[object] = []

    def script(peer: Peer) -> None:
        peer.request()
        subjects.append(peer.sock.getpeercert()["subject"])  # type: ignore[attr-defined]  # a TLS socket here
        peer.answer("200 OK", {})

    server = Server(script, tls=certificates.server_context(ask=True))

    secured(server, certificates).get("/x")

    server.finish()
    assert subjects == [((("organizationName", "developers"),), (("commonName", "jane"),))]


def test_the_server_is_checked_by_the_name_it_should_have(certificates: Certificates) -> None:
    server = Server(answering("200 OK", {"fine": 1}), tls=certificates.server_context("named"))

    assert secured(server, certificates, name="cluster.test").get("/x") == {"fine": 1}
    server.finish()


def test_a_server_with_another_name_is_not_trusted(certificates: Certificates) -> None:
    server = Server(answering("200 OK", {}), tls=certificates.server_context("named"))

    with pytest.raises(BadConfig, match=r"is not trusted: .*IP address mismatch"):
        secured(server, certificates).get("/x")


def test_a_server_that_wants_a_certificate_is_told_apart(certificates: Certificates) -> None:
    context = certificates.server_context(ask=True)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # in 1.3 the refusal races with our request
    server = Server(answering("200 OK", {}), tls=context)

    with pytest.raises(BadConfig, match="rejected the TLS handshake"):
        secured(server, certificates, jane=False).post("/x", {})


def test_an_insecure_cluster_is_believed(certificates: Certificates) -> None:
    server = Server(answering("200 OK", {"fine": 1}), tls=certificates.server_context("named"))
    tls = client_context(NamedEntry("c", {"insecure-skip-tls-verify": True}))

    assert Api(Connection(f"https://127.0.0.1:{server.port}", "d", "t", "j", Static(), tls)).get("/x") == {"fine": 1}
    server.finish()


def test_a_proxy_carries_requests(certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        peer.read_head()
        assert peer.head.startswith("CONNECT cluster.test:6443 ")
        assert peer.headers["proxy-authorization"] == "Basic dXNAZXI6cHc="
        peer.sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        inner = Peer(certificates.server_context("named").wrap_socket(peer.sock, server_side=True))
        inner.request()
        assert "proxy-authorization" not in inner.headers
        inner.answer("200 OK", {"fine": 1})
        inner.sock.close()

    server = Server(script)
    tls = client_context(NamedEntry("c", {"certificate-authority": str(certificates.path("ca.crt"))}))
    proxy = f"http://us%40er:pw@127.0.0.1:{server.port}"
    connection = Connection("https://cluster.test:6443", "d", "t", "j", Static(), tls, proxy=proxied(proxy))

    assert Api(connection).post("/x", {}) == {"fine": 1}
    server.finish()


def test_the_servers_own_certificate_is_authority_enough_as_in_kubectl(certificates: Certificates) -> None:
    server = Server(answering("200 OK", {"fine": 1}), tls=certificates.server_context())
    tls = client_context(NamedEntry("c", {"certificate-authority": str(certificates.path("server.crt"))}))

    assert Api(Connection(f"https://127.0.0.1:{server.port}", "d", "t", "j", Static(), tls)).get("/x") == {"fine": 1}
    server.finish()
