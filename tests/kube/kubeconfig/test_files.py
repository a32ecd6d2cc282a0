"""Kubeconfig files found, merged and picked from, by kubectl's rules."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from kubectl_dshell.errors import BadConfig
from kubectl_dshell.kube.connection.options import ConnectionOptions
from kubectl_dshell.kube.connection.resolve import connect
from kubectl_dshell.kube.kubeconfig import files as kubeconfig

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
        pytest.param("a: [", ConnectionOptions(), "c cannot be parsed: .*line [12], column", id="no YAML"),
        pytest.param("- a", ConnectionOptions(), "c is not a kubeconfig", id="a list"),
        pytest.param({"clusters": {}, "users": {"a": 1}}, ConnectionOptions(), "c is not a kubeconfig", id="old maps"),
        pytest.param({"users": [{"user": {}}]}, ConnectionOptions(), "every entry of users needs a name", id="no name"),
        pytest.param({"users": [{"name": "a", "user": 3}]}, ConnectionOptions(), '"a" is not a mapping', id="a number"),
        pytest.param("", ConnectionOptions(), "no current context", id="an empty file"),
        pytest.param(
            config("a", kind="Pod"), ConnectionOptions(), "c is not a kubeconfig: its kind is not Config", id="a pod"
        ),
        pytest.param(
            config("a", apiVersion="v2"), ConnectionOptions(), "its apiVersion is not v1", id="another version"
        ),
        pytest.param(
            config("a", users=[{"name": "a"}, {"name": "a", "user": {"token": "t"}}]),
            ConnectionOptions(),
            'c: user "a" is there twice',
            id="a name twice",
        ),
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

    assert caught.value.advice == ("Available: a, b.", "See: kubectl config get-contexts")


def test_a_flag_that_names_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"absent does not exist"):
        connect(ConnectionOptions(kubeconfig=str(tmp_path / "absent")), {})


def test_no_kubeconfig_anywhere_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="no kubeconfig found"):
        connect(ConnectionOptions(), {"HOME": str(tmp_path)})


def test_a_server_alone_is_enough(tmp_path: Path) -> None:
    connection = connect(ConnectionOptions(server="http://127.0.0.1:8001"), {"HOME": str(tmp_path)})

    assert (connection.server, connection.namespace, connection.context) == ("http://127.0.0.1:8001", "default", "")


@pytest.mark.parametrize("by_flag", [True, False])
def test_a_pipe_is_read_once_like_any_file(tmp_path: Path, by_flag: bool) -> None:
    """`--kubeconfig <(sops -d k.yaml)` and `KUBECONFIG=<(...):other`."""
    ours, theirs = os.pipe()
    os.write(theirs, json.dumps(config("piped")).encode())
    os.close(theirs)
    pipe = f"/dev/fd/{ours}"
    other = write(tmp_path / "other", config("other"))
    try:
        options = ConnectionOptions(kubeconfig=pipe) if by_flag else ConnectionOptions()
        connection = connect(options, {} if by_flag else {"KUBECONFIG": f"{pipe}:{other}"})
    finally:
        os.close(ours)

    assert (connection.context, connection.server) == ("piped", "http://piped.test")


@pytest.mark.parametrize("by_flag", [True, False])
def test_what_cannot_be_read_is_told_in_a_line(tmp_path: Path, by_flag: bool) -> None:
    long = write(tmp_path / "long", "#" * (1024 * 1024 + 1))
    looped = tmp_path / "loop"
    looped.symlink_to(looped)
    cases = {tmp_path: "is a directory", long: "it is longer than 1024 KiB", looped: "cannot be read: Too many levels"}
    cases[long / "below"] = "cannot be read: Not a directory"
    for path, says in cases.items():
        options = ConnectionOptions(kubeconfig=str(path)) if by_flag else ConnectionOptions()
        with pytest.raises(BadConfig, match=says) as caught:
            connect(options, {} if by_flag else {"KUBECONFIG": str(path)})
        assert str(path) in caught.value.message


def test_a_link_to_nothing_is_passed_over_as_in_kubectl(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "absent")
    there = write(tmp_path / "there", config("a"))

    assert kubeconfig.load(None, together(tmp_path / "link", there)).files == (there,)


def test_an_endless_file_is_read_as_far_as_a_kubeconfig_goes() -> None:
    with pytest.raises(BadConfig, match="longer than 1024 KiB"):
        connect(ConnectionOptions(kubeconfig="/dev/zero"), {})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("[" * 100_000, "nested deeper than 100", id="deep"),
        pytest.param("- " * 100_000, "nested deeper than 100", id="deep, in blocks"),
        pytest.param(
            "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
            + "".join(f"a{n + 1}: &a{n + 1} [{','.join([f'*a{n}'] * 9)}]\n" for n in range(20)),
            "expands to too many values",
            id="aliases of aliases",
        ),
        pytest.param(
            "a0: &a0 {x: 1}\n"
            + "".join(f"a{n + 1}: &a{n + 1} {{<<: [{','.join([f'*a{n}'] * 9)}]}}\n" for n in range(20)),
            "expands to too many values",
            id="merged aliases of aliases",
        ),
        pytest.param(
            f"a: &a {{{','.join(f'k{n}: x' for n in range(5000))}}}\nb: [{'{<<: *a}, ' * 110}!tag x]\n",
            "expands to too many values",
            id="merges, each a copy, before the list that holds them ends",
        ),
        pytest.param("a: &a [*a]", "an alias to an anchor that is not defined before it", id="an alias to itself"),
        pytest.param("password: !hunter2", "a tag", id="a tag, which may be a password"),
        pytest.param("? [a]\n: b", "a key that is not a string", id="a list as key"),
        pytest.param("a: \x01", "control characters are not allowed", id="control character"),
    ],
)
def test_yaml_that_is_made_to_hurt_is_refused_at_once(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=says) as caught:
        connect(ConnectionOptions(), together(write(tmp_path / "c", text)))

    assert "hunter2" not in caught.value.message


def test_yaml_means_what_it_means_to_kubernetes(tmp_path: Path) -> None:
    """Dates and clock times are text to it, numbers and truth values are not; the first document counts."""
    text = (
        "x: &shared {server: 'http://a.test'}\ncurrent-context: 2024-01-02\n"
        "clusters: [{name: 10:30, cluster: {<<: *shared}}]\n"
        "contexts: [{name: 2024-01-02, context: {cluster: 10:30, namespace: 0x1f-y}}]\n---\ncurrent-context: other\n"
    )
    connection = connect(ConnectionOptions(), together(write(tmp_path / "c", text)))

    assert (connection.context, connection.server, connection.namespace) == ("2024-01-02", "http://a.test", "0x1f-y")


def typed(cluster: object = None, user: object = None, context: object = None, **more: Any) -> dict[str, Any]:
    return config(
        "a",
        clusters=[{"name": "a", "cluster": {"server": "https://a.test", **dict(cluster or {})}}],  # type: ignore[call-overload]
        users=[{"name": "a", "user": user or {}}],
        contexts=[{"name": "a", "context": {"cluster": "a", "user": "a", **dict(context or {})}}],  # type: ignore[call-overload]
        **more,
    )


V1 = {"command": "true", "apiVersion": "client.authentication.k8s.io/v1"}


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (typed(user={"exec": "hello"}), 'user "a" in .*: exec is a string, but must be a mapping'),
        (typed(user={"exec": {**V1, "args": "x"}}), r"exec\.args is a string, but must be a list"),
        (typed(user={"exec": {**V1, "args": [1]}}), r"exec\.args\[0\] is a number, but must be a string"),
        (typed(user={"exec": {**V1, "env": {"A": "1"}}}), r"exec\.env is a mapping, but must be a list"),
        (typed(user={"exec": {**V1, "env": ["A"]}}), r"exec\.env\[0\] is a string, but must be a mapping"),
        (typed(user={"exec": {**V1, "env": [{"name": "A", "value": 5}]}}), r"env\[0\]\.value is a number"),
        (typed(user={"exec": {**V1, "env": [{"value": "5"}]}}), r"env\[0\]\.name is not a valid variable name"),
        (typed(user={"exec": {**V1, "env": [{"name": "A\0"}]}}), r"env\[0\]\.name contains a NUL character"),
        (typed(user={"exec": {**V1, "command": ["x"]}}), r"exec\.command is a list"),
        (
            typed(user={"exec": {**V1, "interactiveMode": "Maybe"}}),
            r"exec\.interactiveMode is Maybe, but must be one of Never",
        ),
        (typed(user={"exec": {**V1, "provideClusterInfo": "yes"}}), r"provideClusterInfo is a string, .* a boolean"),
        (typed(user={"as": "x", "as-user-extra": 5}), "as-user-extra is a number, but must be a mapping"),
        (typed(user={"as": "x", "as-user-extra": {"k": "v"}}), r"as-user-extra\.k is a string, but must be a list"),
        (typed(user={"as": "x", "as-groups": "g"}), "as-groups is a string, but must be a list"),
        (typed(user={"as": 5}), "as is a number, but must be a string"),
        (typed(user={"tokenFile": 5}), "tokenFile is a number"),
        (typed(user={"tokenFile": "a\0b"}), "tokenFile contains a NUL"),
        (typed(user={"token": 12345678}), "token is a number"),
        (typed(user={"username": "x", "password": 12345678}), "password is a number"),
        (typed(user={"auth-provider": "oidc"}), "auth-provider is a string"),
        (typed(user={"auth-provider": {"name": "oidc", "config": {"id-token": 5}}}), r"config\.id-token is a number"),
        (typed(user={"client-key-data": True}), "client-key-data is a boolean"),
        (typed(context={"namespace": 123}), 'context "a" in .*: namespace is a number'),
        (typed(context={"cluster": ["a"]}), "cluster is a list"),
        (typed({"proxy-url": 5}), 'cluster "a" in .*: proxy-url is a number'),
        (typed({"server": 5}), "server is a number"),
        (typed({"server": "https://[::1"}), r'the server of cluster "a" is https://\[::1, which is not a valid URL'),
        (typed({"server": "https://a.test:99999"}), "its port is not a number from 1 to 65535"),
        (typed({"server": "https://u:pw@a b"}), "is https://a b, which is not an http"),
        (typed({"insecure-skip-tls-verify": "true"}), "insecure-skip-tls-verify is a string, but must be a boolean"),
        (typed({"tls-server-name": 1.5}), "tls-server-name is a number"),
        (typed({"tls-server-name": "a..b"}), "tls-server-name is not a valid server name"),
        (typed({"tls-server-name": "\u2024b"}), "tls-server-name is not a valid server name"),
        (typed({"tls-server-name": ".:"}), "tls-server-name is not a valid server name"),
        (typed({"tls-server-name": "a\0b"}), "tls-server-name contains a NUL"),
        (typed({"server": "https://a..b"}), "is https://a..b, which is not a valid URL: its host is not a valid name"),
        (typed({"server": f"https://{'a' * 64}.test"}), "which is not a valid URL: its host is not a valid name"),
        (typed({"extensions": 5}, {"exec": {**V1, "provideClusterInfo": True}}), "extensions is a number"),
        (config("a", **{"current-context": ["x"]}), "current-context must be a string"),
        (config("a", contexts={"a": {}}), "contexts is a mapping, but must be a list"),
        (config("a", users=[{"name": 5}]), "every entry of users needs a name that is a string"),
    ],
)
def test_another_type_is_named_with_file_and_key_and_never_shown(
    document: dict[str, Any], says: str, tmp_path: Path
) -> None:
    with pytest.raises(BadConfig, match=says) as caught:
        connect(ConnectionOptions(), together(write(tmp_path / "kubeconfig", document)))

    assert "kubeconfig" in caught.value.message or "the server of" in caught.value.message
    assert not any(secret in caught.value.message for secret in ("12345678", "pw"))
