"""Whether an exec would be let through, against servers on loopback that say so in every way that is known."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

from kubectl_dshell.errors import DshellError, Forbidden, PermissionDenied, Unavailable
from kubectl_dshell.kube.auth.credentials import Static
from kubectl_dshell.kube.exec.check import ExecCheck
from kubectl_dshell.kube.exec.spares import Spares
from kubectl_dshell.kube.exec.upgrade import exec_resource, open_exec
from kubectl_dshell.kube.kubeconfig.secret import Secret
from kubectl_dshell.kube.rest.request_trace import SILENT, RequestTrace
from tests.kube.loopback import Crowd, Peer
from tests.kube.rig import Renewing, connection
from tests.waiting import wait_until

Script = Callable[[Peer], None]

NAME = "dshell-check"


def status(code: int, message: str, reason: str = "") -> bytes:
    return json.dumps({"kind": "Status", "message": message, "reason": reason, "code": code}).encode()


PASSED = status(400, f"container {NAME} is not valid for pod web", "BadRequest")


def answering(code: str, body: bytes = b"", kind: str = "application/json", *headers: str) -> Script:
    """After the head was read."""
    lines = [f"HTTP/1.1 {code}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers, "", ""]
    head = "\r\n".join(lines).encode()
    return lambda peer: peer.sock.sendall(head + body)


def silent(peer: Peer) -> None:
    with suppress(OSError):
        peer.sock.recv(1)  # until the client has enough of it


def upgraded(peer: Peer) -> None:
    peer.sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")


class Cluster:
    """`execs` answer successive requests for an exec, `watch` that for a watch; `seen` are their heads."""

    def __init__(self, *execs: Script, watch: Script = upgraded) -> None:
        self._execs, self._watch = list(execs), watch
        self._lock = threading.Lock()
        self.seen: list[str] = []
        self.server = Crowd(*[self._play] * 5)
        self.connection = connection(self.server.port)
        self.spares = Spares(self.connection)

    def _play(self, peer: Peer) -> None:
        with suppress(EOFError):
            while True:
                peer.read_head()
                with self._lock:
                    self.seen.append(f"{peer.head}\n{peer.headers}")
                    script = self._watch if "watch=1" in peer.head else self._execs.pop(0)
                script(peer)
                if script is upgraded:
                    return

    @property
    def execs(self) -> list[str]:
        return [head for head in self.seen if "/exec?" in head]


MakeCluster = Callable[..., Cluster]


@pytest.fixture
def make() -> Iterator[MakeCluster]:
    made: list[Cluster] = []

    def cluster(*execs: Script, watch: Script = upgraded) -> Cluster:
        made.append(Cluster(*execs, watch=watch))
        return made[-1]

    yield cluster
    for one in made:
        one.spares.close()


def begin(cluster: Cluster, trace: RequestTrace = SILENT) -> ExecCheck:
    resource = exec_resource("shop", "web", NAME, ["sh"], stdin=True, tty=False)
    return ExecCheck(cluster.connection, "shop", "web", resource, trace=trace, spares=cluster.spares)


@contextmanager
def refused(cluster: Cluster) -> Iterator[pytest.ExceptionInfo[DshellError]]:
    with pytest.raises(DshellError) as caught:
        begin(cluster).verdict()
    yield caught


def test_a_missing_container_is_the_last_thing_that_is_asked_about_so_an_exec_passes(make: MakeCluster) -> None:
    cluster = make(answering("400 Bad Request", PASSED))
    lines: list[str] = []

    begin(cluster, trace=RequestTrace(6, lines.append)).verdict()

    wait_until(lambda: len(lines) == 2, 10)
    (asked,) = cluster.execs
    assert asked.startswith(
        f"GET /api/v1/namespaces/shop/pods/web/exec?container={NAME}&command=sh&stdin=true&stdout=true&stderr=true "
    )
    assert "'upgrade': 'websocket'" in asked
    (watched,) = (head for head in cluster.seen if "watch=1" in head)
    assert watched.startswith(
        "GET /api/v1/namespaces/shop/pods?watch=1&fieldSelector=metadata.name%3Dweb&resourceVersion=0&timeoutSeconds=1 "
    )
    assert f"'origin': 'http://127.0.0.1:{cluster.server.port}'" in watched
    assert sorted(line.rpartition(" in ")[0].partition("?")[2].partition(" ")[2] for line in lines) == [
        "101 Switching Protocols",
        "400 Bad Request",
    ]


NO_RIGHT = 'pods "web" is forbidden: User "ada" cannot {} resource "pods/exec" in API group "" in the namespace "shop"'
DENIED = "pods \"web\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: {}"
DOWN = 'Internal error occurred: failed calling webhook "w.test": failed to call webhook: connection refused'


@pytest.mark.parametrize(
    ("code", "body", "error", "said"),
    [
        pytest.param("403 Forbidden", status(403, NO_RIGHT.format("get")), PermissionDenied, "ada may not get pods/exec in namespace shop", id="RBAC"),
        pytest.param("403 Forbidden", status(403, 'pods "web" is forbidden: '), PermissionDenied, "the current user may not create pods/exec in namespace shop", id="RBAC, without a name"),
        pytest.param("422 Unprocessable Entity", status(422, DENIED.format("no shells on a Friday")), Forbidden, "an admission policy of the cluster denied exec in web:\n  pods \"web\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no shells on a Friday", id="a policy"),
        pytest.param("400 Bad Request", status(400, 'admission webhook "w.test" denied the request: upgrade your account'), Forbidden, 'an admission policy of the cluster denied exec in web:\n  admission webhook "w.test" denied the request: upgrade your account', id="a policy that speaks of an upgrade"),
        pytest.param("403 Forbidden", status(403, "not on a Friday"), Forbidden, "the API server denied the request:\n  not on a Friday", id="an authorizer"),
        pytest.param("500 Internal Server Error", status(500, DOWN), Unavailable, 'the admission webhook "w.test" of the cluster is failing, so the request was rejected', id="a webhook that is down"),
    ],
)  # fmt: skip
def test_a_refusal_of_the_cluster_is_that_of_an_exec(
    make: MakeCluster, code: str, body: bytes, error: type[DshellError], said: str
) -> None:
    with refused(make(answering(code, body))) as caught:
        assert isinstance(caught.value, error)
        assert caught.value.message.startswith(said)
        assert "WebSocket" not in " ".join(caught.value.advice)


KUBECTL_PROXY = "If it is kubectl proxy: it rejects exec unless it is started with --reject-paths='^$'."
NO_WEBSOCKET = (
    "Something between this machine and the API server lets no WebSocket through; a reverse proxy must forward the "
    "Upgrade and Connection headers."
)
PAGE = b"<html><h1>Blocked</h1></html>"


@pytest.mark.parametrize(
    ("script", "advice"),
    [
        pytest.param(answering("403 Forbidden", b"Forbidden\n", "text/plain"), (KUBECTL_PROXY, NO_WEBSOCKET), id="kubectl proxy"),
        pytest.param(answering("403 Forbidden", PAGE, "text/html"), (NO_WEBSOCKET,), id="403, a page"),
        pytest.param(answering("200 OK", PAGE, "text/html"), (NO_WEBSOCKET,), id="200, a page"),
        pytest.param(answering("426 Upgrade Required"), (NO_WEBSOCKET,), id="426"),
        pytest.param(answering("407 Proxy Authentication Required"), (NO_WEBSOCKET,), id="407"),
        pytest.param(answering("400 Bad Request", status(400, "Upgrade request required")), (NO_WEBSOCKET,), id="no Upgrade came"),
    ],
)  # fmt: skip
def test_what_lies_between_is_told_from_the_cluster(make: MakeCluster, script: Script, advice: tuple[str, ...]) -> None:
    with refused(make(script)) as caught:
        assert isinstance(caught.value, Unavailable)
        assert caught.value.message.startswith("cannot open a stream to the pod: http://127.0.0.1:")
        assert caught.value.advice == advice


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(answering("500 Internal Server Error", status(500, "etcdserver: leader changed")), id="500"),
        pytest.param(answering("502 Bad Gateway", PAGE, "text/html"), id="502, a page"),
        pytest.param(answering("503 Service Unavailable"), id="503"),
        pytest.param(answering("429 Too Many Requests", PAGE, "text/html"), id="429, a page"),
        pytest.param(answering("404 Not Found", status(404, 'pods "web" not found')), id="404"),
        pytest.param(answering("422 Unprocessable Entity", status(422, "something is invalid")), id="422"),
        pytest.param(lambda peer: peer.sock.close(), id="no answer"),
        pytest.param(lambda peer: peer.sock.sendall(b"SSH-2.0-OpenSSH_9.6\r\n"), id="noise"),
    ],
)
def test_an_exec_that_may_pass_the_next_time_is_let_through(make: MakeCluster, script: Script) -> None:
    cluster = make(script)

    begin(cluster).verdict()

    assert len(cluster.execs) == 1


def test_a_watch_that_is_answered_without_the_upgrade_shows_that_the_header_was_dropped(make: MakeCluster) -> None:
    """The exec gets the same answer with and without it."""
    cluster = make(answering("400 Bad Request", PASSED), watch=answering("200 OK", b"{}", "text", "Audit-Id: 1"))

    with refused(cluster) as caught:
        assert isinstance(caught.value, Unavailable)
        assert caught.value.message == (
            f"cannot open a stream to the pod: http://127.0.0.1:{cluster.server.port} returned 200 OK to a request for a "
            "WebSocket, as if it had not been one"
        )
        assert caught.value.advice == (NO_WEBSOCKET,)


@pytest.mark.parametrize(
    "watch",
    [
        pytest.param(answering("403 Forbidden", status(403, "no")), id="not allowed"),
        pytest.param(answering("200 OK", b"{}"), id="200, of a gateway that answers watches itself"),
        pytest.param(answering("404 Not Found"), id="404"),
        pytest.param(answering("502 Bad Gateway"), id="502"),
        pytest.param(lambda peer: peer.sock.close(), id="no answer"),
        pytest.param(lambda peer: peer.sock.sendall(b"noise\r\n"), id="noise"),
    ],
)
def test_any_other_answer_to_the_watch_says_nothing(make: MakeCluster, watch: Script) -> None:
    begin(make(answering("400 Bad Request", PASSED), watch=watch)).verdict()


def test_who_is_silent_is_not_waited_for_longer_than_for_any_request_and_let_through(make: MakeCluster) -> None:
    cluster = make(silent, watch=silent)
    cluster.connection = replace(cluster.connection, timeout=0.3)
    began = time.monotonic()

    begin(cluster).verdict()

    assert 0.2 < time.monotonic() - began < 5


def test_the_time_that_a_credential_plugin_takes_does_not_count(
    make: MakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may ask the user."""
    now, passed = time.monotonic, [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now() + passed[0])

    class Slow(Static):
        def authorization(self) -> Secret | None:
            passed[0] += 100
            return super().authorization()

    cluster = make(answering("403 Forbidden", status(403, NO_RIGHT.format("get"))))
    cluster.connection = replace(cluster.connection, credentials=Slow())

    with pytest.raises(PermissionDenied):
        begin(cluster).verdict()


def test_nobody_listening_is_for_the_first_requests_to_tell() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    nobody = connection(port)

    ExecCheck(nobody, "shop", "web", "/exec?", trace=SILENT, spares=Spares(nobody)).verdict()


def test_credentials_that_the_first_requests_renewed_are_asked_about_again(make: MakeCluster) -> None:
    cluster = make(answering("401 Unauthorized"), answering("403 Forbidden", status(403, NO_RIGHT.format("get"))))
    cluster.connection = replace(cluster.connection, credentials=Renewing())
    check = begin(cluster)
    wait_until(lambda: len(cluster.execs) == 1, 10)
    cluster.connection.renew()

    with pytest.raises(PermissionDenied):
        check.verdict()

    assert ["Bearer t2" in head for head in cluster.execs] == [False, True]


def test_credentials_that_nobody_renewed_are_for_the_first_requests_to_tell(make: MakeCluster) -> None:
    cluster = make(answering("401 Unauthorized"))

    begin(cluster).verdict()

    assert len(cluster.execs) == 1


def test_the_connection_carries_the_first_exec(make: MakeCluster) -> None:
    accepted: list[str] = []

    def accept(peer: Peer) -> None:
        answer = Peer(_Heard(peer))  # type: ignore[arg-type]  # a socket whose next words are known
        answer.accept()
        accepted.append(peer.head)
        silent(peer)

    cluster = make(answering("400 Bad Request", PASSED), accept)
    spares = cluster.spares
    begin(cluster).verdict()
    (spare,) = spares._spares

    stream = open_exec(cluster.connection, "shop", "web", "a", ["x"], stdin=True, tty=False, spares=spares)

    assert stream._sock.getsockname() == spare.sock.getsockname()
    wait_until(lambda: len(accepted) == 1, 10)
    assert spares.take() is None
    stream.close()


class _Heard:
    """The socket of a peer whose request was read: it is heard once more."""

    def __init__(self, peer: Peer) -> None:
        lines = [peer.head, *(f"{name}: {value}" for name, value in peer.headers.items())]
        self._words = "\r\n".join([*lines, "", ""]).encode()
        self.sendall = peer.sock.sendall

    def recv(self, count: int) -> bytes:
        words, self._words = self._words[:count], self._words[count:]
        return words


@pytest.mark.parametrize(
    ("watch", "shown"),
    [
        pytest.param(upgraded, True, id="a WebSocket"),
        pytest.param(answering("403 Forbidden", status(403, "no")), False, id="not allowed"),
        pytest.param(lambda peer: peer.sock.close(), False, id="no answer"),
    ],
)
def test_whether_a_websocket_gets_through_is_known_although_the_exec_is_refused(
    make: MakeCluster, watch: Script, *, shown: bool
) -> None:
    check = begin(make(answering("403 Forbidden", status(403, NO_RIGHT.format("get"))), watch=watch))

    with pytest.raises(PermissionDenied):
        check.verdict()

    assert check.upgraded() is shown


def test_a_watch_that_is_not_upgraded_says_that_none_gets_through(make: MakeCluster) -> None:
    plain = answering("200 OK", b"{}", "application/json", "Audit-Id: 1")

    with pytest.raises(Unavailable):
        begin(make(answering("400 Bad Request", PASSED), watch=plain)).upgraded()
