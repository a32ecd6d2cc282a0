"""Credential plugins: real scripts, started as kubectl starts them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from kubectl_dshell.errors import BadConfig
from kubectl_dshell.kube.connection import Connection, ConnectionOptions, connect
from tests.kube.test_connection import data, entries
from tests.kube.test_kubeconfig import together, write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kube.conftest import Certificates

V1 = "client.authentication.k8s.io/v1"


def credential(version: str = V1, kind: str = "ExecCredential", **status: object) -> str:
    return json.dumps({"apiVersion": version, "kind": kind, "status": status})


def connected(tmp_path: Path, script: str, *, cluster: dict[str, Any] | None = None, **spec: Any) -> Connection:
    (tmp_path / "bin").mkdir(exist_ok=True)
    write(tmp_path / "bin" / "plugin", f"#!/bin/sh\n{script}\n").chmod(0o700)
    exec_ = {"command": "bin/plugin", "apiVersion": V1, "interactiveMode": "IfAvailable", **spec}
    file = write(tmp_path / "c", entries(cluster or {}, {"exec": exec_}))
    return connect(ConnectionOptions(), {**together(file), "PATH": "/usr/bin:/bin", "SEEN": "yes"})


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
        env=[{"name": "OWN", "value": "own"}],
        provideClusterInfo=True,
    ).headers()

    assert (tmp_path / "seen").read_text() == "a b|$(c)|yes|own|"
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
        pytest.param("exit 1", {}, "ended with exit code 1$", id="it says nothing"),
        pytest.param("echo hello", {}, "did not print JSON", id="no JSON"),
        pytest.param("echo '[]'", {}, "did not print an ExecCredential", id="something else"),
        pytest.param(f"echo '{credential()}'", {}, "neither a token nor a client certificate", id="empty"),
        pytest.param(f"echo '{credential(clientCertificateData='x')}'", {}, "only one of", id="half a certificate"),
        pytest.param(f"echo '{credential('v9', token='t')}'", {}, "answered in v9, not in", id="another version"),
        pytest.param(
            "true", {"command": "no-such-plugin"}, "no-such-plugin .* cannot be started: No such", id="absent"
        ),
        pytest.param("true", {"interactiveMode": "Always"}, "needs a terminal", id="interactive only"),
        pytest.param("true", {"apiVersion": "v0"}, "apiVersion v0, supported are", id="version we do not speak"),
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


def test_the_authority_is_handed_over_as_data(tmp_path: Path, certificates: Certificates) -> None:
    script = f"printf %s \"$KUBERNETES_EXEC_INFO\" >{tmp_path}/info\necho '{credential(token='t')}'"

    connected(
        tmp_path, script, cluster={"certificate-authority": str(certificates.path("ca.crt"))}, provideClusterInfo=True
    ).headers()

    told = json.loads((tmp_path / "info").read_text())["spec"]["cluster"]
    assert told["certificate-authority-data"] == data(certificates.read("ca.crt"))
