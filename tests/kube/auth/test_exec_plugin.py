"""Credential plugins: real scripts, started as kubectl starts them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from kubectl_dshell.errors import BadConfig, DshellError
from kubectl_dshell.kube.auth import plugin_process
from kubectl_dshell.kube.auth.user_terminal import UserTerminal
from kubectl_dshell.kube.connection.connection import Connection
from kubectl_dshell.kube.connection.options import ConnectionOptions
from kubectl_dshell.kube.connection.resolve import connect
from kubectl_dshell.kube.exec.upgrade import open_exec
from kubectl_dshell.kube.rest.api import Api
from kubectl_dshell.kube.watch.watch import watch
from tests.kube.connection.test_connection import data, entries
from tests.kube.kubeconfig.test_files import together, write
from tests.kube.loopback import Peer, Server
from tests.kube.rig import Renewing
from tests.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kube.conftest import Certificates

V1 = "client.authentication.k8s.io/v1"


def credential(version: str = V1, kind: str = "ExecCredential", **status: object) -> str:
    return json.dumps({"apiVersion": version, "kind": kind, "status": status})


def connected(
    tmp_path: Path,
    script: str,
    *,
    cluster: dict[str, Any] | None = None,
    terminal: UserTerminal | None = None,
    **spec: Any,
) -> Connection:
    (tmp_path / "bin").mkdir(exist_ok=True)
    write(tmp_path / "bin" / "plugin", f"#!/bin/sh\n{script}\n").chmod(0o700)
    exec_ = {"command": "bin/plugin", "apiVersion": V1, "interactiveMode": "IfAvailable", **spec}
    file = write(tmp_path / "c", entries(cluster or {}, {"exec": exec_}))
    return connect(ConnectionOptions(), {**together(file), "PATH": "/usr/bin:/bin", "SEEN": "yes"}, terminal)


def test_the_plugin_beside_the_kubeconfig_gives_the_token(tmp_path: Path) -> None:
    connection = connected(tmp_path, f"echo '{credential(token='t1')}'")

    assert connection.headers() == [("Authorization", "Bearer t1")]


def test_it_gets_arguments_environment_and_what_it_asked_to_know(tmp_path: Path) -> None:
    script = (
        f'printf "%s|" "$@" "$SEEN" "$OWN" >{tmp_path}/seen; printf %s "$KUBERNETES_EXEC_INFO" >{tmp_path}/info\n'
        f"echo '{credential(token='t')}'"
    )
    extension = {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "x"}}

    connected(
        tmp_path,
        script,
        cluster={"insecure-skip-tls-verify": True, "extensions": [{"name": "other"}, extension]},
        args=["a b", "$(c)"],
        env=[{"name": "OWN", "value": "own"}, {"name": "SEEN"}],
        provideClusterInfo=True,
    ).headers()

    assert (tmp_path / "seen").read_text() == "a b|$(c)||own|"
    assert json.loads((tmp_path / "info").read_text()) == {
        "apiVersion": V1,
        "kind": "ExecCredential",
        "spec": {
            "interactive": False,
            "cluster": {
                "server": "https://a.test:6443",
                "insecure-skip-tls-verify": True,
                "config": {"audience": "x"},
            },
        },
    }


def test_it_runs_once_until_its_credentials_expire(tmp_path: Path) -> None:
    count = f"echo x >>{tmp_path}/runs; n=$(wc -l <{tmp_path}/runs)\n"
    lasting = '{"apiVersion":"%s","kind":"ExecCredential","status":{"token":"t\'$n\'","expirationTimestamp":"%s"}}'
    connection = connected(tmp_path, count + f"echo '{lasting % (V1, '2999-01-01T00:00:00Z')}'")

    assert [connection.headers()[0][1] for _ in range(3)] == ["Bearer t1"] * 3
    assert connection.renew()
    assert connection.headers() == [("Authorization", "Bearer t2")]

    (tmp_path / "runs").unlink()
    connection = connected(tmp_path, count + f"echo '{lasting % (V1, '2001-01-01T00:00:00Z')}'")
    runs = [connection.headers()[0][1] for _ in range(2)]
    assert runs[0] != runs[1]


def test_a_certificate_is_shown_to_the_server(tmp_path: Path, certificates: Certificates) -> None:
    pair = {
        "clientCertificateData": certificates.read("jane.crt").decode(),
        "clientKeyData": certificates.read("jane.key").decode(),
    }
    write(tmp_path / "answer", credential(**pair))

    connection = connected(tmp_path, f"cat {tmp_path}/answer")

    assert connection.headers() == []
    assert connection.tls is not None


def test_a_plugin_is_not_started_when_the_server_is_not_secure(tmp_path: Path) -> None:
    connected(tmp_path, f"touch {tmp_path}/started", cluster={"server": "http://a.test"}).headers()

    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize(
    ("script", "spec", "says"),
    [
        pytest.param("echo no session >&2; exit 3", {}, "exit code 3: no session", id="its stderr is told"),
        pytest.param("exit 1", {}, "failed with exit code 1$", id="it says nothing"),
        pytest.param("echo hello", {}, "did not print JSON", id="no JSON"),
        pytest.param("echo '[]'", {}, "did not print an ExecCredential", id="something else"),
        pytest.param(f"echo '{credential()}'", {}, "neither a token nor a client certificate", id="empty"),
        pytest.param(f"echo '{credential(clientCertificateData='x')}'", {}, "only one of", id="half a certificate"),
        pytest.param(f"echo '{credential('v9', token='t')}'", {}, "returned apiVersion v9, not", id="another version"),
        pytest.param(
            "true", {"command": "no-such-plugin"}, "no-such-plugin .* cannot be started: it is not in PATH", id="absent"
        ),
        pytest.param("true", {"interactiveMode": "Always"}, "needs a terminal", id="interactive only"),
        pytest.param("true", {"apiVersion": "v0"}, "apiVersion v0; supported: ", id="version we do not speak"),
        pytest.param("true", {"command": ""}, "exec has no command", id="no command"),
    ],
)
def test_what_a_plugin_does_wrong_is_told(script: str, spec: dict[str, Any], says: str, tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=says):
        connected(tmp_path, script, **spec).headers()


def test_an_absent_plugin_is_told_with_its_own_hint(tmp_path: Path) -> None:
    with pytest.raises(BadConfig) as caught:
        connected(tmp_path, "true", command="no-such-plugin", installHint="get it\nfrom there").headers()

    assert caught.value.advice == ("get it", "from there")


def test_a_plugin_is_looked_for_in_our_path_and_not_in_that_of_its_own_variables(tmp_path: Path) -> None:
    """As in Go; the plugin itself gets the other."""
    write(tmp_path / "other" / "true", f"#!/bin/sh\necho '{credential(token='other')}'\n").chmod(0o700)
    env = [{"name": "PATH", "value": str(tmp_path / "other")}]

    with pytest.raises(BadConfig, match="did not print JSON"):
        connected(tmp_path, "", command="true", env=env)


def test_the_authority_is_handed_over_as_data(tmp_path: Path, certificates: Certificates) -> None:
    script = f"printf %s \"$KUBERNETES_EXEC_INFO\" >{tmp_path}/info\necho '{credential(token='t')}'"

    connected(
        tmp_path, script, cluster={"certificate-authority": str(certificates.path("ca.crt"))}, provideClusterInfo=True
    ).headers()

    told = json.loads((tmp_path / "info").read_text())["spec"]["cluster"]
    assert told["certificate-authority-data"] == data(certificates.read("ca.crt"))


@pytest.mark.parametrize(("end", "fails"), [(f"echo '{credential(token='t')}'", False), ("exit 3", True)])
def test_what_it_says_is_shown_while_it_runs_and_once_whatever_its_end(tmp_path: Path, end: str, fails: bool) -> None:
    """A device code is of no use afterwards; the plugin here waits until it was seen."""
    shown: list[str] = []
    said = "open https://x, code ABC"
    script = f"printf '{said}' >&2; while [ ! -e {tmp_path}/seen ]; do sleep 0.05; done\n{end}"
    told: list[BaseException] = []

    def run() -> None:
        try:
            connected(tmp_path, script, terminal=UserTerminal(shown.append))
        except BadConfig as error:
            told.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    wait_until(lambda: "".join(shown) == said, 60, "the line, while the plugin runs")
    (tmp_path / "seen").touch()
    thread.join(20)

    assert "".join(shown) == said + "\n"
    assert [str(error).endswith("failed with exit code 3") for error in told] == [True] * fails


def test_what_it_says_in_a_session_waits_for_its_failure(tmp_path: Path) -> None:
    shown: list[str] = []
    terminal = UserTerminal(shown.append)
    terminal.take()

    with pytest.raises(BadConfig, match="exit code 3: no session"):
        connected(tmp_path, "echo no session >&2; exit 3", terminal=terminal)

    assert shown == []


def test_a_flood_of_words_is_cut_and_one_of_answers_ended(tmp_path: Path) -> None:
    shown: list[str] = []
    flood = "head -c 3000000 /dev/zero | tr '\\0' x"

    connected(tmp_path, f"{flood} >&2\necho '{credential(token='t')}'", terminal=UserTerminal(shown.append))
    assert len("".join(shown)) < plugin_process.LONGEST_TALK + 100
    assert "".join(shown).endswith("(further output of the plugin is not shown)\n")
    with pytest.raises(BadConfig, match="wrote more than 1024 KiB to stdout and was terminated"):
        connected(tmp_path, f"echo $$ >{tmp_path}/pid; exec sh -c 'while :; do echo xxxxxxxxxxxxxxxxxxxxxxxx; done'")

    assert not os.path.exists(f"/proc/{(tmp_path / 'pid').read_text().strip()}")  # noqa: PTH110  # no file of ours


def test_a_child_that_it_leaves_running_keeps_nobody_waiting(tmp_path: Path) -> None:
    """An agent that caches tokens has its stderr for as long as it lives."""
    script = f"sleep 60 >/dev/null & echo $! >{tmp_path}/pid; echo '{credential(token='t')}'"
    began = time.monotonic()

    connected(tmp_path, script)

    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    assert time.monotonic() - began < 30


def test_it_is_ended_with_us(tmp_path: Path) -> None:
    """By a signal while it runs, in the main thread or in another that the end of the program cuts off."""
    script = f"echo $$ >{tmp_path}/pid; exec sleep 600"
    (tmp_path / "bin").mkdir()
    write(tmp_path / "bin" / "plugin", f"#!/bin/sh\n{script}\n").chmod(0o700)
    exec_ = {"command": "bin/plugin", "apiVersion": V1, "interactiveMode": "IfAvailable"}
    file = write(tmp_path / "c", entries({}, {"exec": exec_}))
    pid = tmp_path / "pid"
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        pid.unlink(missing_ok=True)
        command = [sys.executable, "-m", "kubectl_dshell", "ls", "--kubeconfig", str(file)]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as program:
            wait_until(lambda: pid.exists() and bool(pid.read_text().strip()), 60, "the plugin")
            program.send_signal(number)
            assert program.wait(60) == 128 + number
        wait_until(lambda: not os.path.exists(f"/proc/{pid.read_text().strip()}"), 60, "the end of the plugin")  # noqa: PTH110


def test_many_threads_that_were_rejected_together_renew_once(tmp_path: Path) -> None:
    count = f"echo x >>{tmp_path}/runs; n=$(wc -l <{tmp_path}/runs)\n"
    connection = connected(
        tmp_path, count + f"""echo '{{"apiVersion":"{V1}","kind":"ExecCredential","status":{{"token":"t'$n'"}}}}'"""
    )
    ready = threading.Barrier(8)

    def rejected() -> None:
        connection.headers()
        ready.wait(20)
        assert connection.renew()

    threads = [threading.Thread(target=rejected) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert (tmp_path / "runs").read_text() == "x\n" * 2


def test_a_failure_in_a_session_is_remembered_for_a_while(tmp_path: Path) -> None:
    """The tether comes back every five seconds; a plugin that opens a browser must not."""
    terminal = UserTerminal()
    ok = f"echo '{credential(token='t', expirationTimestamp='2001-01-01T00:00:00Z')}'"
    connection = connected(
        tmp_path, f"echo x >>{tmp_path}/runs; [ -e {tmp_path}/broken ] && exit 1; {ok}", terminal=terminal
    )
    (tmp_path / "broken").touch()
    (tmp_path / "runs").unlink()

    terminal.take()
    for _ in range(5):
        with pytest.raises(BadConfig, match="exit code 1"):
            connection.headers()
    assert (tmp_path / "runs").read_text() == "x\n"
    terminal.left_alone_seconds = 0.0
    (tmp_path / "broken").unlink()
    assert connection.headers() == [("Authorization", "Bearer t")]


def test_one_that_waits_for_somebody_in_a_session_is_ended(tmp_path: Path) -> None:
    """What it says is not seen there; and whoever needs credentials after it waits for it."""
    terminal = UserTerminal(session_seconds=0.5)
    terminal.take()

    with pytest.raises(BadConfig, match="did not finish within 0 s during a session, where it cannot prompt"):
        connected(tmp_path, f"echo $$ >{tmp_path}/pid; exec sleep 600", terminal=terminal)

    assert not os.path.exists(f"/proc/{(tmp_path / 'pid').read_text().strip()}")  # noqa: PTH110  # no file of ours


@pytest.mark.parametrize("again", ["expiry", "401"])
def test_a_renewed_certificate_is_shown_on_a_connection_of_its_own(
    tmp_path: Path, certificates: Certificates, again: str
) -> None:
    subjects: list[object] = []

    def script(peer: Peer) -> None:
        peer.sock.settimeout(20)
        for _ in range(2):  # kept alive, if the client likes
            try:
                peer.read_head()
            except EOFError:
                return
            subjects.append(dict(pair[0] for pair in peer.sock.getpeercert()["subject"])["commonName"])  # type: ignore[attr-defined]  # a TLS socket
            status = "401 Unauthorized" if again == "401" and len(subjects) == 1 else "200 OK"
            peer.sock.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\n{{}}".encode())

    for name, expires in (("jane", "2001-01-01T00:00:00Z" if again == "expiry" else ""), ("joe", "")):
        pair = {
            "clientCertificateData": certificates.read(f"{name}.crt").decode(),
            "clientKeyData": certificates.read(f"{name}.key").decode(),
        }
        write(tmp_path / name, credential(**pair, **({"expirationTimestamp": expires} if expires else {})))
    server = Server(script, script, tls=certificates.server_context(ask=True))
    cluster = {
        "server": f"https://127.0.0.1:{server.port}",
        "certificate-authority": str(certificates.path("ca.crt")),
    }
    first = f"if [ -e {tmp_path}/again ]; then cat {tmp_path}/joe; else cat {tmp_path}/jane; fi"
    connection = connected(tmp_path, first, cluster=cluster)
    api = Api(connection)
    if again == "401":
        (tmp_path / "again").touch()
        assert api.get("/x") == {}
    else:
        assert api.get("/x") == {}
        (tmp_path / "again").touch()
        assert api.get("/x") == {}

    assert subjects == ["jane", "joe"]


@pytest.mark.parametrize("verb", ["GET", "POST", "PATCH", "watch", "exec"])
def test_every_kind_of_request_renews_once_after_a_401(verb: str) -> None:
    seen: list[str] = []
    pod = {"metadata": {"resourceVersion": "7"}}

    def script(peer: Peer) -> None:
        peer.request()
        seen.append(peer.headers["authorization"])
        if peer.headers["authorization"] == "Bearer t1":
            peer.answer("401 Unauthorized", {"kind": "Status", "code": 401})
        elif verb == "watch":
            peer.begin_watch()
            peer.chunk(json.dumps({"type": "ADDED", "object": pod}).encode() + b"\n")
        else:
            peer.answer("200 OK", {})

    server = Server(script, script)
    connection = Connection(f"http://127.0.0.1:{server.port}", "d", "t", "j", Renewing())
    api = Api(connection)
    if verb == "watch":
        assert next(iter(watch(api, "/x", [], time.monotonic() + 20))) == ("ADDED", pod)
    elif verb == "exec":
        with pytest.raises(DshellError):  # 200 is no upgrade
            open_exec(connection, "n", "p", "c", ["x"], stdin=False, tty=False)
    else:
        assert api.request(verb, "/x", body={}, idempotent=False) == {}

    assert seen == ["Bearer t1", "Bearer t2"]
