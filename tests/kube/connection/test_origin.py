"""Which kubeconfig is in use, and why that one."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubectl_dshell.kube.auth.user_terminal import UserTerminal
from kubectl_dshell.kube.connection.options import ConnectionOptions
from kubectl_dshell.kube.connection.origin import origin
from kubectl_dshell.kube.connection.resolve import connect, resolve
from kubectl_dshell.kube.kubeconfig.service_account import ServiceAccount
from tests.kube.kubeconfig.test_files import config, write


def written(folder: Path, name: str) -> Path:
    clusters = [{"name": "a", "cluster": {"server": "http://a.test"}}]
    return write(folder / name, config("a", clusters=clusters, users=[{"name": "a", "user": {}}]))


@pytest.mark.parametrize("how", ["--kubeconfig", "$KUBECONFIG", "the default"])
def test_the_file_and_how_it_was_found(how: str, tmp_path: Path) -> None:
    (tmp_path / ".kube").mkdir()
    file = written(tmp_path, ".kube/config")
    options = ConnectionOptions(kubeconfig=str(file)) if how == "--kubeconfig" else ConnectionOptions()
    environ = {"HOME": str(tmp_path)} | ({"KUBECONFIG": str(file)} if how == "$KUBECONFIG" else {})

    assert origin(connect(options, environ), options, environ) == f"{file} ({how}), context a, namespace a-ns"


def test_several_files_are_all_named(tmp_path: Path) -> None:
    files = [written(tmp_path, name) for name in ("one", "two")]
    environ = {"KUBECONFIG": ":".join(map(str, files))}

    told = origin(connect(ConnectionOptions(), environ), ConnectionOptions(), environ)

    assert told.startswith(f"{files[0]}, {files[1]} ($KUBECONFIG), context a")


def test_a_server_without_a_kubeconfig(tmp_path: Path) -> None:
    options = ConnectionOptions(server="http://a.test", namespace="shop")
    environ = {"HOME": str(tmp_path)}

    assert origin(connect(options, environ), options, environ) == "flags only (no kubeconfig), namespace shop"


def test_the_service_account_of_a_pod(tmp_path: Path) -> None:
    for name, content in (("token", "t0ken"), ("namespace", "shop")):
        (tmp_path / name).write_text(content)
    environ = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "80", "HOME": str(tmp_path)}
    account = ServiceAccount(environ, tmp_path)
    options = ConnectionOptions(insecure_skip_tls_verify=True)

    found = resolve(options, environ, UserTerminal(), account)

    assert origin(found, options, environ) == "the service account of this pod (no kubeconfig), namespace shop"
