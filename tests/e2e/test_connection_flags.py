"""kubectl's connection flags do what they do in kubectl: whatever the flags, the same request arrives at the server.

Where the two differ on purpose, `STRICTER` and `OURS` say so.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import subprocess
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from kubectl_dshell.cli.main import main
from kubectl_dshell.cli.verbs.ls import ls_command
from kubectl_dshell.cli.verbs.open import open_command
from kubectl_dshell.errors import DshellError
from kubectl_dshell.kube.connection.resolve import connect
from kubectl_dshell.kube.rest.api import Api
from tests.kube.conftest import issue

from .recorder import NO_SUCH_POD, POD, Recorder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.kube.conftest import Certificates

    from .cluster import Cluster, Json

STRICTER = {
    "does not exist": "kubectl goes on as nobody, or to localhost:8080; a misspelt name must not do that",
}
"""What is refused though kubectl takes it."""
OURS = {
    "--user password --token t": "kubectl refuses two methods; the flag was typed now, and replaces the password",
    "--user file --token t": "kubectl sends the token of the file, whatever was typed",
}
"""What is the flag's token here."""


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return issue(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def recorder(certificates: Certificates) -> Iterator[Recorder]:
    with Recorder(certificates) as recorder:
        yield recorder


PLUGIN = """#!/bin/sh
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"from-a-plugin"}}'
"""


def write_files(folder: Path, url: str, certificates: Certificates) -> None:
    """Two kubeconfigs in different folders, with what their relative paths lead to."""
    for name in ("ca.crt", "jane.crt", "jane.key", "joe.crt", "joe.key"):
        (folder / "one" / "pki").mkdir(parents=True, exist_ok=True)
        (folder / "one" / "pki" / name).write_bytes(certificates.read(name))
    (folder / "two").mkdir()
    (folder / "two" / "token").write_text("from-a-file\n")
    (folder / "two" / "plugin").write_text(PLUGIN)
    (folder / "two" / "plugin").chmod(0o700)
    authority = base64.b64encode(certificates.read("ca.crt")).decode()
    plugin = {"command": "./plugin", "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never"}
    joe = {"client-certificate": "pki/joe.crt", "client-key": "pki/joe.key"}
    one: dict[str, Json] = {
        "clusters": {
            "file": {"server": f"{url}/file", "certificate-authority": "pki/ca.crt"},
            "insecure": {"server": f"{url}/insecure/", "insecure-skip-tls-verify": True, "disable-compression": True},
        },
        "users": {
            "token": {"token": "from-the-kubeconfig"},
            "joe": joe,
            "password": {"username": "jo:e", "password": "pass word"},
            "joe_and_plugin": {**joe, "exec": plugin},
            "impersonating": {"token": "t", "as": "eve", "as-groups": ["g", "h"], "as-user-extra": {"Scopes/X": ["a"]}},
        },
        "contexts": {
            "plain": {"cluster": "file", "user": "token", "namespace": "shop"},
            "impersonating": {"cluster": "insecure", "user": "impersonating"},
            "stale": {"cluster": "gone", "user": "token"},
        },
    }
    two: dict[str, Json] = {
        "clusters": {
            "data": {
                "server": f"{url}/data",
                "certificate-authority-data": authority,
                "tls-server-name": "cluster.test",
            },
            "file": {"server": "https://127.0.0.1:1", "tls-server-name": "never.test"},
        },
        "users": {
            "token": {"token": "of-the-second-file"},
            "file": {"tokenFile": "token"},
            "plugin": {"exec": plugin},
        },
        "contexts": {
            "far": {"cluster": "data", "user": "file", "namespace": "far"},
            "plain": {"cluster": "data", "user": "file"},
        },
    }
    for name, sections in (("one", one), ("two", two)):
        document: Json = {"current-context": {"one": "plain", "two": "far"}[name]}
        for section, entries in sections.items():
            document[section] = [{"name": key, section.removesuffix("s"): value} for key, value in entries.items()]
        (folder / name / "config").write_text(json.dumps(document))


FLAGS: dict[str, st.SearchStrategy[Any]] = {
    "--context": st.sampled_from(["plain", "impersonating", "far", "stale", "absent"]),
    "--cluster": st.sampled_from(["file", "insecure", "data", "absent"]),
    "--user": st.sampled_from(["token", "joe", "password", "file", "plugin", "joe_and_plugin", "absent"]),
    "--namespace": st.sampled_from(["shop", "kube-system"]),
    "--token": st.just("from-a-flag"),
    "--as": st.sampled_from(["bob", "system:serviceaccount:n:x", "Łukasz"]),
    "--as-group": st.lists(st.sampled_from(["system:masters", "a,b"]), min_size=1, max_size=2),
    "--as-uid": st.just("7"),
    "--as-user-extra": st.lists(
        st.sampled_from(["Scopes/X=b", "scopes%2Fx=c", "ÄÖ key=d=e", "acme.org/λ=f"]), min_size=1, max_size=2
    ),
    "--tls-server-name": st.sampled_from(["cluster.test", "localhost", "other.test"]),
    "--certificate-authority": st.sampled_from(["one/pki/ca.crt", "one/pki/joe.crt"]),
    "--insecure-skip-tls-verify": st.none(),
    "--client-certificate": st.just("one/pki/jane.crt"),
    "--client-key": st.just("one/pki/jane.key"),
    "--kubeconfig": st.sampled_from(["one/config", "two/config", "absent"]),
    "--disable-compression": st.none(),
    "--server": st.just("/flag"),
}


ROWS = [
    "--user joe_and_plugin",
    "--user impersonating --as bob",
    "--user impersonating --as-group x --as-uid 7",
    "--user impersonating --as-user-extra Scopes/X=b --as-user-extra Scopes/X=c --as-user-extra other=d",
    "--as-group x",
    "--as-user-extra x=y",
    "--user plugin --token t",
    "--user joe --token t",
    "--certificate-authority one/pki/ca.crt --insecure-skip-tls-verify",
    "--context impersonating --certificate-authority one/pki/ca.crt",
    "--context far --server /flag",
    "--context far --server /flag --tls-server-name cluster.test",
    "--client-certificate one/pki/jane.crt",
    "--kubeconfig two/config --cluster file",
    "--namespace=shop --context=far -n kube-system",
    "--disable-compression",
]
"""What is not left to chance."""


@st.composite
def flags(draw: st.DrawFn) -> list[str]:
    """Up to four; a token only where kubectl has no other proof, see `OURS`."""
    names = draw(st.lists(st.sampled_from(sorted(FLAGS)), max_size=4, unique=True))
    if "--client-certificate" in names or "--client-key" in names:
        names = sorted({*names, "--client-certificate", "--client-key"})
    if "--token" in names:
        names = [name for name in names if name not in ("--context", "--user", "--kubeconfig")]
    words = []
    for name in names:
        value = draw(FLAGS[name])
        for one in value if isinstance(value, list) else [value]:
            words += [name] if one is None else [name, one]
    return words


def kubectl(program: str, words: list[str], folder: Path, environ: dict[str, str]) -> str:
    """Its error, or nothing if it asked for the pod."""
    done = subprocess.run(
        [program, "get", "pod", POD, "--cache-dir", str(folder / "cache"), "--request-timeout=20", *words],
        env={**environ, "PATH": os.environ["PATH"]},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if NO_SUCH_POD in done.stderr else done.stderr


def dshell(words: list[str], folder: Path, environ: dict[str, str]) -> str:
    with contextlib.chdir(folder):
        try:
            context = ls_command.make_context("ls", [*words])
            options = ls_command.options(context)
            connection = connect(options.connection.to_options(options.namespace), environ)
            Api(connection, sleep=lambda _seconds: None).get(f"/api/v1/namespaces/{connection.namespace}/pods/{POD}")
        except DshellError as error:
            return "" if NO_SUCH_POD in error.message else error.message
    raise AssertionError("there is no such pod")


def test_generated_flags_lead_to_the_same_request(
    cluster: Cluster, recorder: Recorder, certificates: Certificates, tmp_path: Path
) -> None:
    write_files(tmp_path, recorder.url, certificates)
    environ = {"KUBECONFIG": "one/config:absent:two/config", "HOME": str(tmp_path)}
    outcomes: Counter[str] = Counter()

    def compare(words: list[str]) -> None:
        words = [f"{recorder.url}/flag" if word == "/flag" else word for word in words]
        recorder.asked.clear()
        theirs = kubectl(cluster.kubectl_program, words, tmp_path, environ)
        wanted = recorder.asked[:]
        recorder.asked.clear()
        ours = dshell(words, tmp_path, environ)
        if not ours and not theirs:
            outcomes["the same"] += 1
            assert recorder.asked == wanted, words
        elif ours and theirs:
            outcomes["refused by both"] += 1
        else:
            assert any(what in ours for what in STRICTER), (words, ours, theirs)

    for row in ROWS:
        compare(row.split())
    for row in OURS:
        recorder.asked.clear()
        kubectl(cluster.kubectl_program, row.split(), tmp_path, environ)
        assert ("authorization", "Bearer t") not in [pair for one in recorder.asked for pair in one["headers"]]
        recorder.asked.clear()
        assert dshell(row.split(), tmp_path, environ) == ""
        assert [one["headers"] for one in recorder.asked] == [[("authorization", "Bearer t")]]
    settings(max_examples=40, derandomize=True, database=None, phases=[Phase.generate])(given(flags())(compare))()

    assert outcomes["the same"] >= 25, outcomes
    assert outcomes["refused by both"] >= 5, outcomes


def test_every_flag_of_kubectl_is_taken_or_refused_by_name(
    cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those that kubectl lists for every command; --profile is that of `kubectl debug` here."""
    listed = subprocess.run([cluster.kubectl_program, "options"], capture_output=True, text=True, check=True).stdout
    names = re.findall(r"^\s+(?:-\w, )?(--[a-z-]+)=", listed, re.MULTILINE)
    taken = {name for param in open_command.params for name in param.opts}

    assert {"--context", "--as-user-extra", "--kuberc", "--vmodule"} <= set(names)
    for name in set(names) - taken:
        assert main([f"{name}=x", "web"]) == 64
        assert f"error: {name} is a flag of kubectl without a meaning here: " in capsys.readouterr().err
