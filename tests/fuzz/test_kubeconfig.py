"""Kubeconfigs, plugins' answers and proxy variables of every shape: a connection, or BadConfig."""

from __future__ import annotations

import base64
import contextlib
import copy
import json
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kubectl_dshell.errors import BadConfig
from kubectl_dshell.kube.auth import plugin_process as plugin_run
from kubectl_dshell.kube.auth.kuberc import VERSION, plugin_policy
from kubectl_dshell.kube.connection.options import ConnectionOptions
from kubectl_dshell.kube.connection.resolve import connect
from kubectl_dshell.kube.kubeconfig import plain_yaml
from kubectl_dshell.kube.kubeconfig import yaml_reader as document
from kubectl_dshell.kube.kubeconfig.secret import Secret

V1 = "client.authentication.k8s.io/v1"
_PEM = base64.b64encode(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").decode()
_USER: dict[str, Any] = {
    "token": "t",
    "tokenFile": "token",
    "username": "u",
    "password": "p",
    "client-certificate-data": _PEM,
    "client-key-data": _PEM,
    "as": "jane",
    "as-groups": ["g"],
    "as-uid": "1",
    "as-user-extra": {"scope": ["a", "b"]},
    "exec": {
        "command": "/bin/plugin",
        "args": ["a"],
        "env": [{"name": "A", "value": "b"}],
        "apiVersion": V1,
        "interactiveMode": "IfAvailable",
        "installHint": "get it",
        "provideClusterInfo": True,
    },
    "auth-provider": {"name": "oidc", "config": {"id-token": "e30.e30.x"}},
}
_CLUSTER: dict[str, Any] = {
    "server": "https://u:p@a.test:6443/x",
    "certificate-authority-data": _PEM,
    "insecure-skip-tls-verify": True,
    "tls-server-name": "x",
    "proxy-url": "socks5://u:p@p.test:1",
    "extensions": [{"name": "client.authentication.k8s.io/exec", "extension": {"a": [1]}}],
}

_scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["\0", "a\nb", "/", "[::1", "http://[", "é", "\x7f"])
)
_values = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def _configs(draw: st.DrawFn) -> Any:
    """A kubeconfig with some of all that one may have, and some of it replaced by anything."""
    user = {key: copy.deepcopy(_USER[key]) for key in draw(st.sets(st.sampled_from(sorted(_USER)), max_size=4))}
    keys = draw(st.sets(st.sampled_from(sorted(_CLUSTER)), max_size=4)) | {"server"}
    config: Any = {
        "current-context": "a",
        "clusters": [{"name": "a", "cluster": {key: copy.deepcopy(_CLUSTER[key]) for key in keys}}],
        "users": [{"name": "a", "user": user}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a", "namespace": "n"}}],
    }
    for _ in range(draw(st.integers(0, 3))):
        _replace(draw, config)
    return config


def _replace(draw: st.DrawFn, node: Any) -> None:
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return
        key = draw(st.sampled_from(keys))
        if isinstance(node[key], dict | list) and node[key] and draw(st.integers(0, 5)):
            node = node[key]
            continue
        node[key] = draw(_values)
        return


def _resolved(
    content: bytes, environ: dict[str, str], answer: bytes = b"", options: dict[str, Any] | None = None
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "config"
        file.write_bytes(content)
        said = plugin_run.PluginOutput(0, answer, "")
        with (
            mock.patch.object(plugin_run, "run", return_value=said),
            contextlib.suppress(BadConfig),
        ):
            connection = connect(ConnectionOptions(**(options or {})), {"KUBECONFIG": str(file), **environ})
            connection.headers()
            connection.renew()
            for name, value in connection.headers():
                assert not set("\r\n\0") & set(name + value)
            repr(connection)


@given(_configs(), st.binary(max_size=50) | _values.map(lambda value: json.dumps(value).encode()))
@example({"current-context": ["x"]}, b"")
@settings(deadline=None)
def test_a_kubeconfig_with_anything_in_it_connects_or_is_refused(config: Any, answer: bytes) -> None:
    with contextlib.suppress(yaml.YAMLError, UnicodeEncodeError):
        _resolved(yaml.safe_dump(config).encode(), {}, answer)
    with contextlib.suppress(UnicodeEncodeError):
        _resolved(json.dumps(config, ensure_ascii=False).encode("utf-8", "surrogatepass"), {}, answer)


@given(
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("token", "clientCertificateData", "clientKeyData", "expirationTimestamp"), _values)
    ),
    st.sampled_from(["ExecCredential", "", 5]),
)
@settings(deadline=None)
def test_whatever_a_plugin_answers_it_connects_or_is_refused(status: Any, kind: Any) -> None:
    user = {"exec": _USER["exec"]}
    config = {
        "current-context": "a",
        "clusters": [{"name": "a", "cluster": {"server": "https://a.test"}}],
        "users": [{"name": "a", "user": user}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
    }
    answer = json.dumps({"apiVersion": V1, "kind": kind, "status": status}).encode()
    _resolved(json.dumps(config).encode(), {}, answer)


@given(st.binary(max_size=400) | st.text(max_size=400).map(lambda text: text.encode("utf-8", "surrogatepass")))
@example(b"!!binary x")
@example(b"&a [*a]")
@example(b"%YAML 9.9\n--- x")
@settings(deadline=None)
def test_any_bytes_are_yaml_or_refused(content: bytes) -> None:
    with contextlib.suppress(ValueError):
        document.parse(content)
    _resolved(content, {})


@given(
    _values.map(yaml.safe_dump)
    | st.recursive(
        st.sampled_from(["a", "*x", "&x b", "'q'"]),
        lambda inner: (
            st.lists(inner, max_size=4).map(lambda items: f"[{','.join(items)}]")
            | st.lists(inner, max_size=3).map(lambda items: "{" + ",".join(f"<<: {one}" for one in items) + "}")
        ),
    )
)
@settings(deadline=None)
def test_aliases_and_merges_end(text: str) -> None:
    with contextlib.suppress(ValueError):
        document.parse(text.encode("utf-8", "surrogatepass"))


_words = st.sampled_from(["a: ", "b:", "- ", "c", "yes", "null"]) | st.text("a1:-#{}[]'\" .e_~/@=+%&*|?<,", max_size=4)
_lines = st.tuples(st.integers(0, 6), st.lists(_words, max_size=4)).map(lambda line: " " * line[0] + "".join(line[1]))


@given(st.lists(_lines, max_size=8).map("\n".join) | _values.map(yaml.safe_dump) | _values.map(json.dumps))
@example("- a:\n- b")
@example("a:\n- b:\n  - c\nd: 1")
@settings(deadline=None)
def test_what_is_read_without_the_yaml_package_means_the_same_to_it(text: str) -> None:
    with contextlib.suppress(plain_yaml.NotPlain, UnicodeEncodeError):
        plain = plain_yaml.parse(text.encode())
        assert repr(plain) == repr(document.parse_any(text.encode()))


_texts = st.text(max_size=30)


@given(
    st.fixed_dictionaries(
        {}, optional={"HTTPS_PROXY": _texts, "https_proxy": _texts, "NO_PROXY": _texts, "POD_NAMESPACE": _texts}
    ),
    st.fixed_dictionaries(
        {},
        optional={
            "server": _texts,
            "token": _texts.map(Secret),
            "as_user": _texts,
            "as_uid": _texts,
            "as_groups": st.tuples(_texts),
            "tls_server_name": _texts,
        },
    ),
)
@settings(deadline=None)
def test_flags_and_variables_connect_or_are_refused(environ: dict[str, str], options: dict[str, Any]) -> None:
    config = {
        "current-context": "a",
        "clusters": [{"name": "a", "cluster": {"server": "https://a.test"}}],
        "users": [{"name": "a", "user": {}}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
    }
    _resolved(json.dumps(config).encode(), environ, options=options)
    _resolved(
        json.dumps(config).encode(), {"HTTPS_PROXY": f"http://u:p@{environ.get('NO_PROXY', '')}"}, options=options
    )


@given(
    st.fixed_dictionaries(
        {"apiVersion": st.just(VERSION), "kind": st.just("Preference")},
        optional={
            "credentialPluginPolicy": st.sampled_from(["Allowlist", "DenyAll"]) | _values,
            "credentialPluginAllowlist": st.lists(st.fixed_dictionaries({"command": _scalars}), max_size=3) | _values,
        },
    )
    | _values,
    st.binary(max_size=20),
)
@settings(deadline=None)
def test_a_kuberc_with_anything_in_it_is_a_policy_or_refused(preference: Any, before: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(BadConfig, UnicodeEncodeError):
        file = Path(folder) / "kuberc"
        file.write_bytes(before + b"\n---\n" + json.dumps(preference, ensure_ascii=False).encode())
        policy = plugin_policy(str(file), {})
        assert policy.kind in ("", "AllowAll", "DenyAll", "Allowlist")
        assert bool(policy.allowed) == (policy.kind == "Allowlist")
        assert policy.why_not("/bin/plugin", "/bin") is None or policy.kind in ("DenyAll", "Allowlist")
