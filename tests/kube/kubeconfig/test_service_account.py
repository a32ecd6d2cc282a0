"""In a pod: the four cases of client-go's `clientcmd`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from kubectl_dshell.errors import BadConfig
from kubectl_dshell.kube.auth.user_terminal import UserTerminal
from kubectl_dshell.kube.connection.connection import Connection
from kubectl_dshell.kube.connection.options import ConnectionOptions
from kubectl_dshell.kube.connection.resolve import resolve
from kubectl_dshell.kube.kubeconfig.secret import Secret
from kubectl_dshell.kube.kubeconfig.service_account import ServiceAccount
from tests.kube.kubeconfig.test_files import config, together, write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kube.conftest import Certificates

VARIABLES = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}


@pytest.fixture
def mounted(tmp_path: Path, certificates: Certificates) -> Path:
    folder = tmp_path / "serviceaccount"
    write(folder / "token", "t0ken\n")
    write(folder / "namespace", "team\n")
    write(folder / "ca.crt", certificates.read("ca.crt").decode())
    return folder


def in_pod(
    mounted: Path, environ: dict[str, str] | None = None, options: ConnectionOptions | None = None
) -> Connection:
    full = {"HOME": str(mounted.parent), **VARIABLES, **(environ or {})}
    return resolve(options or ConnectionOptions(), full, UserTerminal(), ServiceAccount(full, mounted))


def seen(connection: Connection) -> tuple[str, str, list[tuple[str, str]]]:
    return connection.server, connection.namespace, connection.headers()


ACCOUNT = ("https://[fd00::1]:443", "team", [("Authorization", "Bearer t0ken")])


def test_without_a_kubeconfig_the_service_account_speaks_for_us(mounted: Path) -> None:
    connection = in_pod(mounted)

    assert seen(connection) == ACCOUNT
    assert connection.context == "in-cluster"


@pytest.mark.parametrize("content", ["", "apiVersion: v1\nkind: Config\n", "clusters: []\ncontexts: null\n", "{}"])
def test_an_empty_kubeconfig_is_none(mounted: Path, content: str) -> None:
    write(mounted.parent / ".kube" / "config", content)

    assert seen(in_pod(mounted)) == ACCOUNT


def test_dev_null_is_an_empty_one(mounted: Path) -> None:
    assert seen(in_pod(mounted, {"KUBECONFIG": os.devnull})) == ACCOUNT


def test_a_context_without_a_namespace_means_the_pods_own(mounted: Path) -> None:
    elsewhere: dict[str, Any] = {"contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}]}
    file = write(mounted.parent / "c", config("a", **elsewhere))

    assert in_pod(mounted, together(file)).server == "http://a.test"
    assert in_pod(mounted, together(file)).namespace == "team"


def test_a_kubeconfig_is_stronger_than_the_service_account(mounted: Path) -> None:
    connection = in_pod(mounted, together(write(mounted.parent / "c", config("a"))))

    assert (connection.context, connection.namespace) == ("a", "a-ns")


def test_pod_namespace_is_stronger_than_the_file_and_weaker_than_the_flag(mounted: Path) -> None:
    variable = {"POD_NAMESPACE": "named"}

    assert in_pod(mounted, variable).namespace == "named"
    assert in_pod(mounted, variable, ConnectionOptions(namespace="n")).namespace == "n"
    (mounted / "namespace").unlink()
    assert in_pod(mounted).namespace == "default"


def test_pod_namespace_means_nothing_outside_a_pod(mounted: Path) -> None:
    (mounted / "token").unlink()
    file = write(mounted.parent / "c", config("a", contexts=[{"name": "a", "context": {"cluster": "a", "user": "a"}}]))

    assert in_pod(mounted, {"POD_NAMESPACE": "named", **together(file)}).namespace == "default"
    with pytest.raises(BadConfig, match="no kubeconfig found"):
        in_pod(mounted)


def test_flags_are_laid_over_it(mounted: Path) -> None:
    options = ConnectionOptions(token=Secret("other"), server="https://x.test", as_user="jane")

    assert seen(in_pod(mounted, None, options)) == (
        "https://x.test",
        "team",
        [("Authorization", "Bearer other"), ("Impersonate-User", "jane")],
    )


def test_without_a_current_context_it_speaks_for_us_too(mounted: Path) -> None:
    """As kubectl does; outside a pod one is asked for."""
    file = write(mounted.parent / "c", config("a", **{"current-context": ""}))

    assert seen(in_pod(mounted, together(file))) == ACCOUNT
    assert in_pod(mounted, together(file), ConnectionOptions(context="a")).server == "http://a.test"
