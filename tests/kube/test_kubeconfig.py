"""Kubeconfig files found, merged and picked from, by kubectl's rules."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from kubectl_dshell.errors import BadConfig
from kubectl_dshell.kube import kubeconfig
from kubectl_dshell.kube.connection import ConnectionOptions, connect

if TYPE_CHECKING:
    from pathlib import Path


def config(name: str, **more: Any) -> dict[str, Any]:
    """A kubeconfig whose one context, cluster and user are all called `name`."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": {"server": f"http://{name}.test"}}],
        "users": [{"name": name, "user": {}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": f"{name}-ns"}}],
        **more,
    }


def write(path: Path, document: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def together(*paths: Path) -> dict[str, str]:
    return {"KUBECONFIG": os.pathsep.join(map(str, paths))}


def test_the_first_file_to_name_an_entry_wins_and_entries_are_never_mixed(tmp_path: Path) -> None:
    shared = {"name": "a", "cluster": {"server": "http://other.test", "tls-server-name": "x"}}
    first = write(tmp_path / "1", config("a"))
    second = write(tmp_path / "2", config("b", clusters=[shared]))

    merged = kubeconfig.load(None, together(first, second))

    assert merged.get("clusters", "a").value == {"server": "http://a.test"}
    assert list(merged.sections["contexts"]) == ["a", "b"]


def test_the_first_current_context_wins(tmp_path: Path) -> None:
    """As in kubectl; the Python client would take the last."""
    none = write(tmp_path / "0", config("z", **{"current-context": ""}))
    files = together(none, write(tmp_path / "1", config("a")), write(tmp_path / "2", config("b")))

    assert connect(ConnectionOptions(), files).context == "a"


def test_files_that_do_not_exist_are_passed_over(tmp_path: Path) -> None:
    there = write(tmp_path / "there", config("a"))

    assert kubeconfig.load(None, together(tmp_path / "absent", there, there)).files == (there,)


def test_without_kubeconfig_the_home_folder_has_it(tmp_path: Path) -> None:
    write(tmp_path / ".kube" / "config", config("home"))

    assert connect(ConnectionOptions(), {"HOME": str(tmp_path)}).server == "http://home.test"


def test_the_flag_is_stronger_than_the_environment(tmp_path: Path) -> None:
    flag, other = write(tmp_path / "1", config("flag")), write(tmp_path / "2", config("environ"))

    assert connect(ConnectionOptions(kubeconfig=str(flag)), together(other)).context == "flag"


def test_yaml_is_read_as_well_as_json(tmp_path: Path) -> None:
    text = (
        "current-context: a\nclusters:\n- name: a\n  cluster: {server: 'http://a.test'}\n"
        "contexts:\n- name: a\n  context:\n    cluster: a\nusers:\n"
    )

    assert connect(ConnectionOptions(), together(write(tmp_path / "c", text))).server == "http://a.test"


def test_in_a_pod_the_service_account_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubeconfig, "SERVICE_ACCOUNT", tmp_path)
    write(tmp_path / "token", "t0ken\n")
    write(tmp_path / "namespace", "team\n")
    environ = {"HOME": "/nowhere", "KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}

    merged = kubeconfig.load(None, environ)

    assert merged.current_context == "in-cluster"
    assert merged.get("clusters", "in-cluster").value["server"] == "https://[fd00::1]:443"
    assert merged.get("contexts", "in-cluster").value["namespace"] == "team"
    assert merged.get("users", "in-cluster").path("tokenFile") == tmp_path / "token"


def test_a_kubeconfig_is_stronger_than_the_service_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubeconfig, "SERVICE_ACCOUNT", tmp_path)
    write(tmp_path / "token", "t0ken")
    environ = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}

    assert kubeconfig.load(None, {**environ, **together(write(tmp_path / "c", config("a")))}).current_context == "a"


@pytest.mark.parametrize(
    ("document", "options", "says"),
    [
        pytest.param(config("a"), ConnectionOptions(context="b"), 'context "b" does not exist in .*c', id="context"),
        pytest.param(config("a"), ConnectionOptions(cluster="b"), 'cluster "b" does not exist in .*c', id="cluster"),
        pytest.param(config("a"), ConnectionOptions(user="b"), 'user "b" does not exist in .*c', id="user"),
        pytest.param(config("a", users=[]), ConnectionOptions(), 'user "a" does not exist', id="user of the context"),
        pytest.param(
            config("a", **{"current-context": ""}),
            ConnectionOptions(),
            "no current context in .*c",
            id="no current context",
        ),
        pytest.param(
            config("a", clusters=[{"name": "a", "cluster": {}}]), ConnectionOptions(), "has no server", id="server"
        ),
        pytest.param("a: [", ConnectionOptions(), "c is not YAML: .*line [12], column", id="no YAML"),
        pytest.param("- a", ConnectionOptions(), "c is not a kubeconfig", id="a list"),
        pytest.param({"clusters": {}, "users": {"a": 1}}, ConnectionOptions(), "c is not a kubeconfig", id="old maps"),
        pytest.param({"users": [{"user": {}}]}, ConnectionOptions(), "every entry of users needs a name", id="no name"),
        pytest.param({"users": [{"name": "a", "user": 3}]}, ConnectionOptions(), '"a" is not a mapping', id="a number"),
        pytest.param("", ConnectionOptions(), "no current context", id="an empty file"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(
    document: object, options: ConnectionOptions, says: str, tmp_path: Path
) -> None:
    with pytest.raises(BadConfig, match=says):
        connect(options, together(write(tmp_path / "c", document)))


def test_what_exists_instead_is_named_with_the_next_command(tmp_path: Path) -> None:
    files = together(write(tmp_path / "1", config("a")), write(tmp_path / "2", config("b")))

    with pytest.raises(BadConfig) as caught:
        connect(ConnectionOptions(context="c"), files)

    assert caught.value.advice == ("There are: a, b.", "See: kubectl config get-contexts")


def test_a_flag_that_names_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"absent does not exist"):
        connect(ConnectionOptions(kubeconfig=str(tmp_path / "absent")), {})


def test_no_kubeconfig_anywhere_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="no kubeconfig found"):
        connect(ConnectionOptions(), {"HOME": str(tmp_path)})


def test_a_server_alone_is_enough(tmp_path: Path) -> None:
    connection = connect(ConnectionOptions(server="http://127.0.0.1:8001"), {"HOME": str(tmp_path)})

    assert (connection.server, connection.namespace, connection.context) == ("http://127.0.0.1:8001", "default", "")
