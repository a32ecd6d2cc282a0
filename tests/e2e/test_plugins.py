"""Credential plugins as EKS, GKE, Azure and OIDC have them: started, told and judged as by kubectl."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .terminal import TerminalSession

if TYPE_CHECKING:
    from .cluster import Cluster, Json
    from .program import Dshell

_TOP = Path(__file__).resolve().parents[2]
V1, BETA = "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"
HINT = "Install it with:\n  get-it --now"
LOOK_ALIKES: dict[str, Json] = {
    "EKS": {
        "apiVersion": BETA,
        "command": "aws",
        "args": ["--region", "eu-central-1", "eks", "get-token", "--cluster-name", "shop", "--output", "json"],
        "env": [{"name": "AWS_PROFILE", "value": "shop"}],
    },
    "GKE": {
        "apiVersion": BETA,
        "command": "gke-gcloud-auth-plugin",
        "args": None,
        "env": None,
        "installHint": HINT,
        "interactiveMode": "IfAvailable",
        "provideClusterInfo": True,
    },
    "Azure": {
        "apiVersion": BETA,
        "command": "kubelogin",
        "args": ["get-token", "--environment", "AzurePublicCloud", "--server-id", "6dae42f8", "--login", "devicecode"],
        "env": None,
        "provideClusterInfo": False,
    },
    "OIDC": {
        "apiVersion": V1,
        "command": "./kubectl-oidc_login",
        "args": ["get-token", "--oidc-issuer-url=https://issuer.test/a b", "--oidc-client-id=$(id)"],
        "env": [{"name": "SEEN", "value": ""}, {"name": "NAME WITH BLANK", "value": "x=y\nz"}],
        "interactiveMode": "Always",
        "provideClusterInfo": True,
    },
}
# Writes down how it was started, by whom: $BY.
_SCRIPT = """#!/bin/sh
cd "$HOME"
printf '%s\\n' "$0" "$@" >"$BY.words"
printf '%s' "$KUBERNETES_EXEC_INFO" >"$BY.info"
env -u KUBERNETES_EXEC_INFO -u BY | grep -v -e ^_= -e ^PWD= -e ^OLDPWD= -e ^SHLVL= -e ^PYTHON | sort >"$BY.env"
for fd in 0 1 2; do test -t $fd && echo terminal || echo other; done >"$BY.fds"
echo "open https://issuer.test and enter CODE-42" >&2
[ ! -e fail ] || exit 3
echo '{"apiVersion":"'$VERSION'","kind":"ExecCredential","status":{"token":"t"}}'
"""


def prepare(folder: Path, entry: Json, *, install: bool = True) -> None:
    """A kubeconfig with this plugin, and the plugin beside it and on PATH; nobody listens at the server."""
    folder.joinpath("bin").mkdir()
    if install:
        for path in (folder / entry["command"], folder / "bin" / entry["command"]):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_SCRIPT)
            path.chmod(0o700)
    extension = {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "x"}}
    cluster: dict[str, Any] = {
        "server": "https://127.0.0.1:1/k8s",
        "insecure-skip-tls-verify": True,
        "tls-server-name": "cluster.test",
        "extensions": [{"name": "other", "extension": 5}, extension],
    }
    document = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "c", "user": {"exec": entry}}],
    }
    (folder / "config").write_text(json.dumps(document))


def environment(folder: Path, by: str, entry: Json) -> dict[str, str]:
    return {
        "PATH": f"{folder}/bin:{os.environ['PATH']}",
        "HOME": str(folder),
        "KUBECONFIG": str(folder / "config"),
        "TERM": "xterm",
        "LANG": "C.UTF-8",
        "SEEN": "ours",
        "VERSION": entry["apiVersion"],
        "BY": by,
    }


def commands(cluster: Cluster, dshell: Dshell) -> dict[str, list[str]]:
    return {"kubectl": [cluster.kubectl_program, "get", "--raw", "/x"], "dshell": dshell.command(("ls",))}


def run_both(folder: Path, entry: Json, cluster: Cluster, dshell: Dshell, *, terminal: bool) -> dict[str, str]:
    """What each of them said."""
    said = {}
    for by, command in commands(cluster, dshell).items():
        environ = environment(folder, by, entry)
        if terminal:
            with TerminalSession(command, environ, _TOP) as session:
                assert session.wait() != 0, "nobody listens there"
                said[by] = session.text
        else:
            done = subprocess.run(
                command,
                env=environ,
                cwd=_TOP,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode != 0, "nobody listens there"
            said[by] = done.stderr
    return said


def noted(folder: Path, by: str) -> dict[str, Any] | None:
    """How the plugin was started; None if it was not."""
    if not (folder / f"{by}.words").exists():
        return None
    found: dict[str, Any] = {name: (folder / f"{by}.{name}").read_text() for name in ("words", "env", "fds", "info")}
    return {**found, "info": json.loads(found["info"])}


@pytest.mark.parametrize("terminal", [False, True], ids=["pipes", "terminal"])
@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_it_is_started_in_the_same_way(
    name: str, terminal: bool, cluster: Cluster, dshell: Dshell, tmp_path: Path
) -> None:
    """The same words, variables and terminal, and the same that it is told; what it says is shown."""
    entry = LOOK_ALIKES[name]
    prepare(tmp_path, entry)

    said = run_both(tmp_path, entry, cluster, dshell, terminal=terminal)

    ours, theirs = noted(tmp_path, "dshell"), noted(tmp_path, "kubectl")
    for one in (ours, theirs):
        if one is not None and not terminal:
            del one["fds"]  # ours writes to a pipe, so that nothing it says can harm the terminal
    assert ours == theirs
    assert (ours is not None) == (terminal or entry.get("interactiveMode") != "Always")
    if ours is not None:
        assert ours["info"]["spec"]["interactive"] is terminal
        assert ("cluster" in ours["info"]["spec"]) == bool(entry.get("provideClusterInfo"))
        assert all("open https://issuer.test and enter CODE-42" in text for text in said.values())


@pytest.mark.parametrize("terminal", [False, True], ids=["pipes", "terminal"])
@pytest.mark.parametrize("mode", ["Never", "IfAvailable", "Always"])
def test_the_terminal_is_lent_as_the_mode_says(
    mode: str, terminal: bool, cluster: Cluster, dshell: Dshell, tmp_path: Path
) -> None:
    entry = {"apiVersion": V1, "command": "plugin", "interactiveMode": mode}
    prepare(tmp_path, entry)

    run_both(tmp_path, entry, cluster, dshell, terminal=terminal)

    found = {by: noted(tmp_path, by) for by in ("kubectl", "dshell")}
    lent = {by: one and (one["info"]["spec"]["interactive"], one["fds"].split()[0]) for by, one in found.items()}
    assert lent["dshell"] == lent["kubectl"]
    expected = (True, "terminal") if terminal and mode != "Never" else (False, "other")
    assert lent["dshell"] == (None if mode == "Always" and not terminal else expected)


def test_a_missing_plugin_is_named_with_its_hint(cluster: Cluster, dshell: Dshell, tmp_path: Path) -> None:
    entry = {**LOOK_ALIKES["GKE"], "command": "no-such-auth-plugin"}
    prepare(tmp_path, entry, install=False)

    for text in run_both(tmp_path, entry, cluster, dshell, terminal=False).values():
        assert "no-such-auth-plugin" in text
        assert [line for line in HINT.splitlines() if line not in text] == [], text


def test_a_plugin_that_fails_is_named_with_its_exit_code(cluster: Cluster, dshell: Dshell, tmp_path: Path) -> None:
    entry = LOOK_ALIKES["Azure"]
    prepare(tmp_path, entry)
    (tmp_path / "fail").touch()

    for text in run_both(tmp_path, entry, cluster, dshell, terminal=False).values():
        assert "CODE-42" in text
        assert "kubelogin" in text
        assert "failed with exit code 3" in text


def test_a_mode_that_is_left_out_is_only_a_mistake_to_kubectl(cluster: Cluster, dshell: Dshell, tmp_path: Path) -> None:
    """It means IfAvailable, as in v1beta1: nothing is gained by refusing it."""
    entry = {"apiVersion": V1, "command": "plugin"}
    prepare(tmp_path, entry)

    said = run_both(tmp_path, entry, cluster, dshell, terminal=False)

    assert "interactiveMode must be specified" in said["kubectl"]
    assert (noted(tmp_path, "kubectl"), noted(tmp_path, "dshell") is None) == (None, False)
