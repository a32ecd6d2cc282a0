"""Requests to an API server on loopback: what is sent, and what each failure becomes."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest

from kubectl_dshell import __version__
from kubectl_dshell.errors import ApiError, BadConfig, ConnectionLost, ExitStatus, NotAnApiServer
from kubectl_dshell.kube.auth.credentials import Static
from kubectl_dshell.kube.connection.connection import Connection
from kubectl_dshell.kube.kubeconfig.secret import Secret
from kubectl_dshell.kube.rest.api import Api
from kubectl_dshell.kube.rest.request_trace import RequestTrace
from kubectl_dshell.kube.rest.retry import ATTEMPTS
from tests.kube.loopback import Peer, Server
from tests.kube.rig import Renewing, answering

if TYPE_CHECKING:
    from collections.abc import Callable


def api(server: Server, *, pauses: list[float] | None = None, trace: RequestTrace | None = None) -> Api:
    connection = Connection(
        f"http://127.0.0.1:{server.port}", "default", "test", "jane", Static(Secret("Bearer t0ken"))
    )
    sleep = (pauses if pauses is not None else []).append
    return Api(connection, trace, sleep=sleep) if trace else Api(connection, sleep=sleep)


def hanging_up(peer: Peer) -> None:
    peer.request()


def test_a_patch_is_sent_as_a_strategic_merge_patch() -> None:
    seen: list[object] = []

    def script(peer: Peer) -> None:
        body = peer.request()
        seen.extend([peer.head, peer.headers, json.loads(body)])
        peer.answer("200 OK", {"kind": "Pod"})

    server = Server(script)

    assert api(server).patch("/p", {"spec": {"a": "é"}}, [("dryRun", "All")]) == {"kind": "Pod"}

    server.finish()
    head, headers, body = seen
    assert head == "PATCH /p?dryRun=All HTTP/1.1"
    assert isinstance(headers, dict)
    assert headers["content-type"] == "application/strategic-merge-patch+json"
    assert headers["authorization"] == "Bearer t0ken"
    assert headers["accept"] == "application/json"
    assert headers["user-agent"] == f"kubectl-dshell/{__version__}"
    assert body == {"spec": {"a": "é"}}


def test_several_groups_are_several_headers() -> None:
    received: list[bytes] = []

    def script(peer: Peer) -> None:
        received.append(peer.sock.recv(65536))
        peer.answer("200 OK", {})

    server = Server(script)
    groups = (("Impersonate-User", "eve"), ("Impersonate-Group", "a"), ("Impersonate-Group", "b"))

    Api(Connection(f"http://127.0.0.1:{server.port}", "d", "t", "j", Static(), impersonation=groups)).get("/x")

    server.finish()
    assert received[0].count(b"Impersonate-Group: ") == 2 or b"Impersonate-Group: a, b" not in received[0]
    assert b"Impersonate-Group: a\r\n" in received[0]
    assert b"Impersonate-Group: b\r\n" in received[0]


@pytest.mark.parametrize(("compressed", "asked"), [(True, "gzip"), (False, "identity")])
def test_compression_is_asked_for_unless_it_is_disabled(compressed: bool, asked: str) -> None:
    seen: list[str] = []

    def script(peer: Peer) -> None:
        for _ in range(2):
            peer.request()
            seen.append(peer.headers["accept-encoding"])
            peer.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    server = Server(script)
    server_url = f"http://127.0.0.1:{server.port}"
    caller = Api(Connection(server_url, "d", "t", "j", Static(), compressed=compressed))
    caller.get("/x")
    caller.read("/pods")

    server.finish()
    assert seen == [asked, asked]


def test_one_connection_serves_several_requests() -> None:
    def script(peer: Peer) -> None:
        for number in range(3):
            peer.request()
            body = json.dumps({"n": number}).encode()
            peer.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    server = Server(script)
    caller = api(server)

    assert [caller.get("/n")["n"] for _ in range(3)] == [0, 1, 2]
    server.finish()


STATUS_422 = {
    "kind": "Status",
    "status": "Failure",
    "reason": "Invalid",
    "code": 422,
    "message": "denied",
    "details": {"causes": [{"message": "policy"}, {"reason": "x"}]},
}


@pytest.mark.parametrize(
    ("status", "body", "reason", "message", "causes", "exit_status"),
    [
        pytest.param(
            "422 Unprocessable Entity",
            STATUS_422,
            "Invalid",
            "denied",
            ("policy", ""),
            ExitStatus.UNAVAILABLE,
            id="422",
        ),
        pytest.param(
            "403 Forbidden",
            {"kind": "Status", "reason": "Forbidden", "message": "no"},
            "Forbidden",
            "no",
            (),
            ExitStatus.FORBIDDEN,
            id="403",
        ),
        pytest.param(
            "404 Not Found",
            b"404 page not found\n",
            "Not Found",
            "404 page not found",
            (),
            ExitStatus.NOT_FOUND,
            id="text",
        ),
        pytest.param("400 Bad Request", b"x" * 5000, "Bad Request", "x" * 1000, (), ExitStatus.UNAVAILABLE, id="long"),
    ],
)
def test_a_refusal_is_an_api_error(
    status: str, body: object, reason: str, message: str, causes: tuple[str, ...], exit_status: ExitStatus
) -> None:
    server = Server(answering(status, body))

    with pytest.raises(ApiError) as caught:
        api(server).get("/api/v1/x")

    server.finish()
    assert (caught.value.reason, caught.value.message, caught.value.causes) == (reason, message, causes)
    assert caught.value.code == int(status[:3])
    assert caught.value.status is exit_status


PAGE = b"<!DOCTYPE html>\n<html><body><h1>Log in</h1></body></html>"
HTML = "Content-Type: text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("status", "body", "headers", "said"),
    [
        ("200 OK", PAGE, (HTML,), "200 OK with a web page"),
        ("200 OK", PAGE, (), "200 OK with a web page"),
        ("403 Forbidden", PAGE, (HTML,), "403 Forbidden with a web page"),
        ("404 Not Found", b"\xef\xbb\xbf\n <html>", (), "404 Not Found with a web page"),
        ("302 Found", b"", (), "302 Found with a web page"),
        (
            "302 Found",
            PAGE,
            ("Location: https://me:pass@sso.test/login?state=s3cret",),
            "302 Found, a redirect to https://sso.test/login",
        ),
        ("200 OK", b"pong", (), "200 OK with something that is not a Kubernetes object: 'pong'"),
        ("200 OK", b"[1]", (), "200 OK with something that is not a Kubernetes object: '[1]'"),
    ],
)
def test_a_page_in_place_of_the_api_is_one_line_that_names_the_url(
    status: str, body: bytes, headers: tuple[str, ...], said: str
) -> None:
    server = Server(answering(status, body, *headers))

    with pytest.raises(NotAnApiServer) as caught:
        api(server).get("/api/v1/x", [("limit", "1")])

    server.finish()
    assert caught.value.message == (
        f"http://127.0.0.1:{server.port}/api/v1/x returned {said}, so it is not a Kubernetes API server. "
        "Is a proxy or a login page in between?"
    )
    assert (caught.value.code, caught.value.status) == (0, ExitStatus.UNAVAILABLE)


def test_a_page_of_a_broken_gateway_is_asked_for_again_and_then_told() -> None:
    server = Server(*[answering("502 Bad Gateway", PAGE, HTML)] * ATTEMPTS)

    with pytest.raises(NotAnApiServer, match="502 Bad Gateway with a web page"):
        api(server).get("/x")
    server.finish()


def test_a_login_page_is_no_good_for_credentials() -> None:
    server = Server(answering("401 Unauthorized", PAGE, HTML))

    with pytest.raises(BadConfig) as caught:
        api(server).get("/x")

    server.finish()
    assert caught.value.message.startswith(f"http://127.0.0.1:{server.port}/x (a web page) rejected the credentials")


def test_a_long_refusal_is_cut_for_people() -> None:
    causes = [{"message": "c" * 9000}] * 99
    long = {"kind": "Status", "message": "no " * 10**6, "reason": "R" * 9000, "details": {"causes": causes}}
    server = Server(answering("400 Bad Request", long))
    lines: list[str] = []

    with pytest.raises(ApiError) as caught:
        api(server, trace=RequestTrace(8, lines.append)).get("/x")

    server.finish()
    assert caught.value.message.endswith("… (3000000 characters in total; -v 8 shows more)")
    assert len(caught.value.message) < 2200
    assert len(caught.value.reason) <= 256
    assert max(map(len, caught.value.causes)) < 2200
    assert len(caught.value.causes) == 20
    assert max(map(len, lines)) > 3000000


def test_rejected_credentials_name_user_and_context() -> None:
    server = Server(answering("401 Unauthorized", {"kind": "Status"}))

    with pytest.raises(BadConfig, match=r'rejected the credentials of user "jane" \(context "test"\)') as caught:
        api(server).get("/x")

    server.finish()
    assert "kubectl auth whoami" in caught.value.advice[0]


def test_rejected_credentials_are_renewed_once() -> None:
    server = Server(answering("401 Unauthorized", {}), answering("200 OK", {"fine": 1}))
    renewing = Renewing()

    answer = Api(Connection(f"http://127.0.0.1:{server.port}", "d", "t", "j", renewing)).get("/x")

    server.finish()
    assert (answer, renewing.number) == ({"fine": 1}, 2)


def test_renewed_credentials_that_are_rejected_again_are_told() -> None:
    server = Server(answering("401 Unauthorized", {}), answering("401 Unauthorized", {}))

    with pytest.raises(BadConfig, match="rejected the credentials"):
        Api(Connection(f"http://127.0.0.1:{server.port}", "d", "t", "j", Renewing())).get("/x")
    server.finish()


def test_too_many_requests_wait_as_long_as_asked() -> None:
    server = Server(answering("429 Too Many Requests", {}, "Retry-After: 3"), answering("200 OK", {"fine": 1}))
    pauses: list[float] = []

    assert api(server, pauses=pauses).post("/x", {}) == {"fine": 1}

    server.finish()
    assert pauses == [3.0]


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(answering("409 Conflict", {}), id="conflict"),
        pytest.param(answering("500 Internal Server Error", {}), id="internal error"),
        pytest.param(hanging_up, id="connection closed before an answer"),
        pytest.param(
            lambda peer: peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"), id="reset"
        ),
        pytest.param(
            lambda peer: (peer.request(), peer.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"))[1],
            id="half an answer",
        ),
    ],
)
def test_a_patch_is_sent_again_after(first: Callable[[Peer], None]) -> None:
    server = Server(first, answering("200 OK", {"fine": 1}))

    assert api(server).patch("/x", {}) == {"fine": 1}
    server.finish()


def test_a_post_whose_answer_is_lost_is_not_sent_again() -> None:
    server = Server(hanging_up)

    with pytest.raises(ConnectionLost, match="cannot be reached"):
        api(server).post("/x", {})
    server.finish()


def test_a_server_that_does_not_answer_in_time_is_lost() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.sock.recv(1)

    server = Server(script)
    connection = Connection(f"http://127.0.0.1:{server.port}", "d", "test", "j", Static(), timeout=0.2)

    with pytest.raises(ConnectionLost, match=r"cannot be reached: no response in time") as caught:
        Api(connection).post("/x", {})

    assert caught.value.status is ExitStatus.CONNECTION_LOST
    server.finish()


def test_nobody_listening_is_told_with_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    connection = Connection(f"http://127.0.0.1:{port}", "d", "test", "j", Static())
    pauses: list[float] = []

    with pytest.raises(ConnectionLost, match=rf"http://127.0.0.1:{port} cannot be reached: Connection refused"):
        Api(connection, sleep=pauses.append).get("/x")
    assert pauses == [], "nobody there is told at once"


def test_warnings_are_handed_on_unquoted() -> None:
    header = r'Warning: 299 - "would violate \"restricted:latest\": x, y", 299 - "deprecated"'
    server = Server(answering("200 OK", {}, header))
    warnings: list[str] = []
    connection = Connection(f"http://127.0.0.1:{server.port}", "d", "t", "j", Static())

    Api(connection, on_warning=warnings.append).get("/x")

    server.finish()
    assert warnings == ['would violate "restricted:latest": x, y', "deprecated"]


def test_several_warnings_are_all_shown_and_bounded() -> None:
    headers = [f'Warning: 299 - "number {n}"' for n in range(3)]
    crowd = ", ".join(f'299 - "w{n} {"x" * 2000}\x1b[2J"' for n in range(15))
    server = Server(answering("200 OK", {}, *headers), answering("200 OK", {}, f"Warning: {crowd}"))
    warnings: list[str] = []
    connection = Connection(f"http://127.0.0.1:{server.port}", "d", "t", "j", Static())
    caller = Api(connection, on_warning=warnings.append)

    caller.get("/x")
    assert warnings == ["number 0", "number 1", "number 2"]
    warnings.clear()
    caller.get("/x")

    server.finish()
    assert 0 < len(warnings) <= 10
    assert all(len(text) <= 1000 and "\x1b" not in text for text in warnings)


def test_the_trace_shows_requests_and_bodies_and_no_token() -> None:
    server = Server(answering("200 OK", {"token": "s3cret"}))
    lines: list[str] = []

    api(server, trace=RequestTrace(8, lines.append)).post("/x", {"a": 1})

    server.finish()
    assert [line.split(" in ")[0] for line in lines] == [
        'Request Body: {"a":1}',
        f"POST http://127.0.0.1:{server.port}/x 200 OK",
        'Response Body: {"token":"--- hidden ---"}',
    ]


def test_the_trace_shows_a_request_without_an_answer() -> None:
    server = Server(hanging_up)
    lines: list[str] = []

    with pytest.raises(ConnectionLost):
        api(server, trace=RequestTrace(6, lines.append)).post("/x", {})

    server.finish()
    assert "no response in" in lines[0]
