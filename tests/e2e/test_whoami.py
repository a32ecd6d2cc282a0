"""Who the API server says that we are: the same as with kubectl, for every kind of credential."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .cluster import write_kubeconfig
from .users import create_user, token_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from .cluster import Cluster, Json

_TOP = Path(__file__).resolve().parents[2]
_OURS = """
import json, os, sys
from kubectl_dshell.cli.verbs.ls import ls_command
from kubectl_dshell.kube.connection.resolve import connect
from kubectl_dshell.kube.rest.api import Api
options = ls_command.options(ls_command.make_context("ls", sys.argv[1:]))
connection = connect(options.connection.to_options(options.namespace), os.environ)
review = Api(connection).post("/apis/authentication.k8s.io/v1/selfsubjectreviews", {})
print(json.dumps({**review["status"]["userInfo"], "namespace": connection.namespace}))
"""
# A pod's files, in a mount namespace of its own.
_IN_POD = """
mount -t tmpfs none /run && mkdir -p /run/secrets/kubernetes.io && cp -r "$FILES" /run/secrets/kubernetes.io/serviceaccount
exec "$@"
"""
_PLUGIN = """#!/bin/sh
cat <<END
{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": $STATUS}
END
"""
USER = "e2e-user"


@pytest.fixture(scope="module")
def token(cluster: Cluster, namespace: str) -> str:
    create_user(cluster, namespace, USER, None)
    return token_of(cluster, namespace, USER)


@pytest.fixture
def kubeconfig(cluster: Cluster, namespace: str, tmp_path: Path) -> Callable[[Json], Path]:
    """One of this user, in the folder that relative paths start from."""
    (tmp_path / "home").mkdir()
    (tmp_path / "plugin").write_text(_PLUGIN)
    (tmp_path / "plugin").chmod(0o700)
    return lambda user: write_kubeconfig(tmp_path / "config", cluster.connection(), user, namespace)


def same_user(cluster: Cluster, folder: Path, *words: str, before: tuple[str, ...] = (), **environ: str) -> Json:
    """What both are told, without the namespace, which is that of the context."""
    everywhere = {"PATH": os.environ["PATH"], "HOME": str(folder / "home"), "PYTHONPATH": str(_TOP), **environ}

    def told(*command: str) -> Json:
        done = subprocess.run(
            [*before, *command, *words],
            env=everywhere,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, done.stderr
        found: Json = json.loads(done.stdout)
        return found

    theirs: Json = told(cluster.kubectl_program, "auth", "whoami", "-o", "json")["status"]["userInfo"]
    ours = told(sys.executable, "-c", _OURS)
    namespace = ours.pop("namespace")
    assert ours == theirs
    return {**ours, "namespace": namespace}


def plugin(**status: str) -> Json:
    return {
        "exec": {
            "command": "./plugin",
            "apiVersion": "client.authentication.k8s.io/v1",
            "interactiveMode": "Never",
            "env": [{"name": "STATUS", "value": json.dumps(status)}],
        }
    }


@pytest.mark.parametrize("kind", ["token", "tokenFile", "plugin"])
def test_a_token(
    kind: str, cluster: Cluster, namespace: str, token: str, kubeconfig: Callable[[Json], Path], tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(f"{token}\n")
    user = {"token": {"token": token}, "tokenFile": {"tokenFile": "token"}, "plugin": plugin(token=token)}[kind]

    told = same_user(cluster, tmp_path, KUBECONFIG=str(kubeconfig(user)))

    assert (told["username"], told["namespace"]) == (f"system:serviceaccount:{namespace}:{USER}", namespace)


@pytest.mark.parametrize("kind", ["data", "files", "plugin", "flags"])
def test_a_client_certificate(kind: str, cluster: Cluster, kubeconfig: Callable[[Json], Path], tmp_path: Path) -> None:
    data = cluster.credentials()
    pem = {key: _decoded(data[f"client-{key}-data"]) for key in ("certificate", "key")}
    for key, text in pem.items():
        (tmp_path / key).write_text(text)
    files = {f"client-{key}": key for key in pem}
    user = {
        "data": data,
        "files": files,
        "plugin": plugin(clientCertificateData=pem["certificate"], clientKeyData=pem["key"]),
        "flags": {},
    }[kind]
    words = [word for key in pem for word in (f"--client-{key}", str(tmp_path / key))] if kind == "flags" else []

    told = same_user(cluster, tmp_path, *words, KUBECONFIG=str(kubeconfig(user)))

    assert "system:authenticated" in told["groups"]
    assert not told["username"].startswith("system:serviceaccount:")


def _decoded(data: str) -> str:
    return base64.b64decode(data).decode()


@pytest.mark.parametrize("by", ["flags", "kubeconfig", "both"])
def test_somebody_impersonated(by: str, cluster: Cluster, kubeconfig: Callable[[Json], Path], tmp_path: Path) -> None:
    entry = {"as": "eve", "as-groups": ["g", "h"], "as-uid": "9", "as-user-extra": {"acme.org/Scopes": ["a", "b"]}}
    extra = ("--as-user-extra", "acme.org/Scopes=a", "--as-user-extra", "acme.org/Scopes=b")
    flags = ("--as", "eve", "--as-group=g", "--as-group=h", "--as-uid=9", *extra)
    words = {"flags": flags, "kubeconfig": (), "both": ("--as=bob", "--as-user-extra=Näme=ü")}[by]
    user = cluster.credentials() | ({} if by == "flags" else entry)

    told = same_user(cluster, tmp_path, *words, KUBECONFIG=str(kubeconfig(user)))

    assert told["username"] == ("bob" if by == "both" else "eve")
    assert told["uid"] == "9"
    assert {"g", "h"} <= set(told["groups"])
    assert told["extra"]["acme.org/scopes"] == ["a", "b"]
    assert told["extra"].get("näme") == (["ü"] if by == "both" else None)


def test_a_pod(cluster: Cluster, namespace: str, token: str, tmp_path: Path) -> None:
    """Without a kubeconfig; the program and kubectl see the files that a kubelet mounts."""
    (tmp_path / "home").mkdir()
    (tmp_path / "files").mkdir()
    for name, text in {"token": token, "ca.crt": cluster.certificate_authority(), "namespace": namespace}.items():
        (tmp_path / "files" / name).write_text(text)
    host, port = cluster.address()
    before = ("unshare", "--mount", *(() if os.geteuid() == 0 else ("--map-root-user",)), "sh", "-ec", _IN_POD, "sh")

    told = same_user(
        cluster,
        tmp_path,
        before=before,
        FILES=str(tmp_path / "files"),
        KUBERNETES_SERVICE_HOST=host,
        KUBERNETES_SERVICE_PORT=str(port),
    )

    assert (told["username"], told["namespace"]) == (f"system:serviceaccount:{namespace}:{USER}", namespace)
