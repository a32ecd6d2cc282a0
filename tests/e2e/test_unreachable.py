"""The way to the cluster: gone, silent, crowded, or closed to these credentials."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.waiting import wait_until

from .cluster import write_kubeconfig
from .older_runtime import OlderRuntime
from .tcp_proxy import TcpProxy
from .users import create_user, token_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .cluster import Cluster
    from .conftest import MakePod
    from .program import Dshell

SESSION_ROLE = Path(__file__).parents[2] / "manifests/rbac/session.yaml"
CONNECTION_LOST, CONFIG, UNAVAILABLE = 76, 78, 69
NOTICED_SECONDS = 2 + 6  # the kubelet reports a start within a second or two, and an exec takes one on a busy machine


def test_a_server_that_is_gone_is_named(dshell: Dshell) -> None:
    refused = dshell("web", "--server", "https://127.0.0.1:1", "--", "true")

    assert (refused.code, refused.stdout) == (CONNECTION_LOST, b"")
    assert refused.stderr.splitlines() == [
        "error: the API server https://127.0.0.1:1 cannot be reached: Connection refused",
        'Context "test"; check with: kubectl cluster-info',
    ]


def test_a_server_that_is_silent_is_given_up_after_the_request_timeout(
    cluster: Cluster, namespace: str, dshell: Dshell, tmp_path: Path
) -> None:
    with TcpProxy(cluster.address()) as proxy:
        kubeconfig = proxy.kubeconfig(tmp_path / "k", cluster, cluster.credentials(), namespace)
        proxy.blackhole()
        began = time.monotonic()

        lost = dshell.with_kubeconfig(kubeconfig)("web", "--request-timeout", "1s", "--", "true")

    took = time.monotonic() - began
    assert (lost.code, lost.stdout) == (CONNECTION_LOST, b"")
    assert lost.stderr.splitlines() == [
        f"error: the API server https://127.0.0.1:{proxy.port} cannot be reached: no response in time",
        'Context "test"; check with: kubectl cluster-info',
    ]
    assert 0.8 <= took < 5  # four fifths of the request's time are for the connection


def test_credentials_that_are_wrong_or_no_longer_good_are_named(
    cluster: Cluster, namespace: str, dshell: Dshell, tmp_path: Path
) -> None:
    create_user(cluster, namespace, "leaver", SESSION_ROLE)
    left = token_of(cluster, namespace, "leaver")
    cluster.kubectl("delete", "serviceaccount", "leaver", "-n", namespace)

    for token in ("never.was.good", left):
        kubeconfig = write_kubeconfig(tmp_path / "k", cluster.connection(), {"token": token}, namespace)
        refused = dshell.with_kubeconfig(kubeconfig)("web", "--", "true")

        assert (refused.code, refused.stdout) == (CONFIG, b"")
        assert refused.stderr == (
            f'error: the API server {cluster.connection()["server"]} rejected the credentials of user "test" '
            '(context "test"): they are invalid or have expired\n'
            "Log in again, then check with: kubectl auth whoami\n"
        )
        assert token not in refused.stderr


def test_a_context_that_does_not_exist_is_named_with_those_that_do(dshell: Dshell) -> None:
    refused = dshell("web", "--context", "prod", "--", "true")

    assert (refused.code, refused.stdout) == (CONFIG, b"")
    assert refused.stderr.splitlines()[:2] == [
        f'error: context "prod" does not exist in {dshell.kubeconfig}',
        "Available: test.",
    ]


def test_a_kubeconfig_that_is_none_is_named(dshell: Dshell, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text(json.dumps(["not", "a", "kubeconfig"])[:-1])

    missing = dshell("web", "--kubeconfig", "/no/such/file", "--", "true")
    refused = dshell("web", "--kubeconfig", str(broken), "--", "true")

    assert (missing.code, missing.stdout, refused.code, refused.stdout) == (CONFIG, b"", CONFIG, b"")
    assert missing.stderr.startswith("error: kubeconfig /no/such/file does not exist\n")
    assert refused.stderr.startswith(f"error: kubeconfig {broken} cannot be parsed: ")


def test_many_sessions_may_start_at_once_on_one_pod(make_pod: MakePod, dshell: Dshell) -> None:
    """Each adds its debug container: some are told of a conflict, and try again."""
    pod = make_pod()
    together = threading.Barrier(8)

    def run(number: int) -> tuple[int, bytes, str]:
        together.wait()
        result = dshell(pod.name, "--new", "--", "echo", str(number))
        return result.code, result.stdout, result.stderr

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(run, range(8)))

    assert results == [(0, f"{number}\n".encode(), "") for number in range(8)]
    assert len(pod.debug_containers()) == 8
    wait_until(
        lambda: {one.state for one in pod.debug_containers().values()} == {"terminated"}, 15, "the end of all eight"
    )


def test_a_server_with_too_many_requests_is_asked_again_when_it_says(
    cluster: Cluster, namespace: str, make_pod: MakePod, dshell: Dshell, tmp_path: Path
) -> None:
    pod = make_pod()
    create_user(cluster, namespace, "patient", SESSION_ROLE)
    token = token_of(cluster, namespace, "patient")
    with OlderRuntime(cluster, tmp_path, too_many=4) as crowded:
        patient = dshell.with_kubeconfig(crowded.kubeconfig(tmp_path / "k", token, namespace))
        began = time.monotonic()

        entered = patient(pod.name, "--", "cat", "app/secret.txt")

    # Retry-After: 1 for the pod and the name, at a time; the other two are told the check, which does not insist
    assert time.monotonic() - began > 1
    assert (entered.code, entered.stdout, entered.stderr) == (0, b"only the app reads this\n", "")


def test_a_server_that_stays_crowded_is_given_up(
    cluster: Cluster, namespace: str, dshell: Dshell, tmp_path: Path
) -> None:
    with OlderRuntime(cluster, tmp_path, too_many=100) as crowded:
        patient = dshell.with_kubeconfig(crowded.kubeconfig(tmp_path / "k", "any", namespace))

        refused = patient("web", "--", "true")

    assert (refused.code, refused.stdout) == (UNAVAILABLE, b"")
    assert refused.stderr == "error: the server has received too many requests: try again later\n"


@contextmanager
def kubectl_proxy(cluster: Cluster, *flags: str) -> Iterator[str]:
    """The address of one."""
    command = [cluster.kubectl_program, "--kubeconfig", str(cluster.kubeconfig), "proxy", "--port=0", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as proxy:
        try:
            assert proxy.stdout is not None
            said = proxy.stdout.readline()
            yield "http://" + said.rpartition(" on ")[2].strip()
        finally:
            proxy.terminate()


NOTHING = "Nothing was added to the pod."
NO_WEBSOCKET = (
    "Something between this machine and the API server lets no WebSocket through; a reverse proxy must forward the "
    "Upgrade and Connection headers."
)


def test_kubectl_proxy_which_refuses_exec_is_named_and_nothing_is_added(
    cluster: Cluster, make_pod: MakePod, dshell: Dshell
) -> None:
    pod = make_pod()
    with kubectl_proxy(cluster) as server:
        refused = dshell(pod.name, "--server", server, "--", "true")

    assert (refused.code, refused.stdout) == (UNAVAILABLE, b"")
    path = f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}/exec"
    assert refused.stderr.splitlines() == [
        f"error: cannot open a stream to the pod: {server}{path} returned 403 Forbidden (Forbidden)",
        NOTHING,
        "If it is kubectl proxy: it rejects exec unless it is started with --reject-paths='^$'.",
        NO_WEBSOCKET,
    ]
    assert pod.debug_containers() == {}


def test_kubectl_proxy_which_is_started_as_the_message_says_lets_a_session_through(
    cluster: Cluster, make_pod: MakePod, dshell: Dshell
) -> None:
    pod = make_pod()
    with kubectl_proxy(cluster, "--reject-paths=^$") as server:
        entered = dshell(pod.name, "--server", server, "--", "cat", "app/secret.txt")

    assert (entered.code, entered.stdout, entered.stderr) == (0, b"only the app reads this\n", "")


def test_a_proxy_that_drops_the_upgrade_is_noticed_and_nothing_is_added(
    cluster: Cluster, make_pod: MakePod, namespace: str, dshell: Dshell, tmp_path: Path
) -> None:
    pod = make_pod()
    create_user(cluster, namespace, pod.name, SESSION_ROLE)
    token = token_of(cluster, namespace, pod.name)
    with OlderRuntime(cluster, tmp_path, drops_upgrades=True) as dropping:
        through = dshell.with_kubeconfig(dropping.kubeconfig(tmp_path / "k", token, namespace))

        refused = through(pod.name, "--", "true")

    assert (refused.code, refused.stdout) == (UNAVAILABLE, b"")
    first, *rest = refused.stderr.splitlines()
    assert first.startswith("error: cannot open a stream to the pod: https://127.0.0.1:")
    assert first.endswith(" returned 200 OK to a request for a WebSocket, as if it had not been one")
    assert rest == [NOTHING, NO_WEBSOCKET]
    assert pod.debug_containers() == {}


PAGE = b"Content-Type: text/html\r\nContent-Length: 30\r\n\r\n<html><h1>Blocked</h1></html>\r\n"
NO_UPGRADE = b'{"kind":"Status","apiVersion":"v1","status":"Failure","message":"Upgrade request required","reason":"BadRequest","code":400}'


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        pytest.param(b"HTTP/1.1 403 Forbidden\r\n" + PAGE, ("returned 403 Forbidden with a web page", True), id="403"),
        pytest.param(
            b"HTTP/1.1 502 Bad Gateway\r\n" + PAGE, ("returned 502 Bad Gateway with a web page", False), id="502"
        ),
        pytest.param(
            b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n%s" % (len(NO_UPGRADE), NO_UPGRADE),
            ("returned 400 Bad Request (Upgrade request required)", True),
            id="Upgrade is dropped",
        ),
        pytest.param(b"", ("did not respond to the WebSocket handshake", False), id="never"),
    ],
)
def test_what_lets_no_websocket_through_is_named_and_so_is_what_was_added(
    cluster: Cluster,
    make_pod: MakePod,
    namespace: str,
    dshell: Dshell,
    tmp_path: Path,
    answer: bytes,
    outcome: tuple[str, bool],
) -> None:
    """Nothing is added if the answer is certain: a gateway in trouble may be well again for the next request."""
    said, certain = outcome
    pod = make_pod()
    create_user(cluster, namespace, pod.name, SESSION_ROLE)
    token = token_of(cluster, namespace, pod.name)
    with OlderRuntime(cluster, tmp_path, streams=answer) as closed:
        through = dshell.with_kubeconfig(closed.kubeconfig(tmp_path / "k", token, namespace))

        refused = through(pod.name, "--request-timeout", "8s", "--", "true")

    assert (refused.code, refused.stdout) == (UNAVAILABLE, b"")
    first, claim, advice = refused.stderr.splitlines()
    assert first.startswith("error: cannot open a stream to the pod: https://127.0.0.1:")
    assert said in first
    assert "<" not in first
    assert advice == NO_WEBSOCKET
    if certain:
        assert (claim, pod.debug_containers()) == (NOTHING, {})
        return
    (name,) = pod.debug_containers()
    assert claim == f"{name} was added to {pod.name}; it ends by itself within 50 s."
    wait_until(lambda: pod.debug_containers()[name].state == "terminated", 60, "its end")


@pytest.mark.parametrize(
    "watches",
    [
        pytest.param((b"", False), id="end at once"),
        pytest.param((b'{"type":"MODIFIED","obj', False), id="break in a line"),
        pytest.param((b'{"type":"MODIFIED","obj', True), id="are held back"),
    ],
)
def test_a_start_is_noticed_soon_where_watches_tell_nothing(
    cluster: Cluster, make_pod: MakePod, namespace: str, dshell: Dshell, tmp_path: Path, watches: tuple[bytes, bool]
) -> None:
    """It was waited for the whole --timeout beside a container that runs."""
    pod = make_pod()
    create_user(cluster, namespace, pod.name, SESSION_ROLE)
    token = token_of(cluster, namespace, pod.name)
    with OlderRuntime(cluster, tmp_path, watches=watches) as buffering:
        through = dshell.with_kubeconfig(buffering.kubeconfig(tmp_path / "k", token, namespace))

        done = through(pod.name, "--timeout", "50s", "--", "date", "+%s")

    assert (done.code, done.stderr) == (0, "")
    (name,) = pod.debug_containers()
    started = pod.wait_terminated(name, 60)["startedAt"]
    began = datetime.fromisoformat(started).timestamp()
    assert int(done.stdout) - began < NOTICED_SECONDS


def test_ctrl_c_is_heard_while_the_server_wants_to_be_asked_later(dshell: Dshell, tmp_path: Path) -> None:
    """The wait is 30 s at most, and was waited for."""
    asked = threading.Event()

    class Later(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(429)
            self.send_header("Retry-After", "29")
            self.end_headers()
            asked.set()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Later) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        connection = {"server": f"http://127.0.0.1:{server.server_address[1]}"}
        waiting = dshell.with_kubeconfig(write_kubeconfig(tmp_path / "k", connection, {}, "default"))
        process = waiting.start("web", "--", "true")
        assert asked.wait(30)

        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=10)
        server.shutdown()

    assert (process.returncode, stdout, stderr) == (130, b"", b"")
