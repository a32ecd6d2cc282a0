"""Credential plugins run where kubectl runs them, by the same kuberc; where kubectl only warns, none is run."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kubectl_dshell.kube.auth.kuberc import VERSION

if TYPE_CHECKING:
    from .cluster import Cluster
    from .program import Dshell

_TOP = Path(__file__).resolve().parents[2]
HEAD = f"apiVersion: {VERSION}\nkind: Preference\n"
LIST = HEAD + "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist:\n"
STRICTER = {"no YAML", "another version", "a list", "wrong type"}
"""kubectl only warns of such a file in the home folder, and runs the plugin that it may forbid."""
ROWS = {
    "nothing": "",
    "AllowAll": HEAD + "credentialPluginPolicy: AllowAll\n",
    "DenyAll": HEAD + "credentialPluginPolicy: DenyAll\n",
    "another policy": HEAD + "credentialPluginPolicy: Deny\n",
    "a list without its policy": HEAD + "credentialPluginAllowlist: [{command: look-alike}]\n",
    "an empty list without its policy": HEAD + "credentialPluginAllowlist: []\n",
    "no list": HEAD + "credentialPluginPolicy: Allowlist\n",
    "an empty list": LIST.replace("Allowlist:\n", "Allowlist: []\n"),
    "listed by name": LIST + "- command: look-alike\n",
    "listed by its old key": LIST + "- name: look-alike\n",
    "listed by path": LIST + "- command: {bin}/look-alike\n",
    "another is listed": LIST + "- command: other\n- command: {bin}/other\n",
    "the same name elsewhere": LIST + "- command: {bin}/sub/look-alike\n",
    "an empty entry": LIST + "- command: look-alike\n- {{}}\n",
    "not normalized": LIST + "- command: {bin}//look-alike\n",
    "two keys": LIST + "- command: look-alike\n  name: look-alike\n",
    "unknown keys": HEAD + "credentialPluginPolicy: DenyAll\nunknown: 5\n",
    "an old version": HEAD.replace("v1beta1", "v1alpha1") + "credentialPluginPolicy: DenyAll\n",
    "the first that is known": f"kind: Preference\napiVersion: x/v1\n---\n{HEAD}credentialPluginPolicy: DenyAll\n",
    "no YAML": "a: [",
    "another version": HEAD.replace("v1beta1", "v9") + "credentialPluginPolicy: DenyAll\n",
    "a list": "[]",
    "wrong type": HEAD + "credentialPluginPolicy: 5\n",
}
_PLUGIN = """#!/bin/sh
echo >>"$MARK"
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t"}}'
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with a kubeconfig of plugins, on PATH and by path; nobody listens at the server."""
    for name in ("bin/look-alike", "bin/sub/look-alike", "bin/other"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(_PLUGIN)
        (tmp_path / name).chmod(0o700)
    (tmp_path / ".kube").mkdir()
    users = {"name": "look-alike", "path": f"{tmp_path}/bin/look-alike", "relative": "../bin/sub/look-alike"}
    entry = {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never"}
    document = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "name"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1", "insecure-skip-tls-verify": True}}],
        "users": [{"name": name, "user": {"exec": {**entry, "command": command}}} for name, command in users.items()],
    }
    (tmp_path / ".kube" / "config").write_text(json.dumps(document))
    return tmp_path


def has_run(home: Path, command: list[str], **more: str) -> tuple[bool, str]:
    """Whether the plugin was run, and what was said."""
    mark = home / "mark"
    mark.unlink(missing_ok=True)
    environ = {"HOME": str(home), "PATH": f"{home}/bin:{os.environ['PATH']}", "MARK": str(mark), **more}
    done = subprocess.run(
        command, env=environ, cwd=_TOP, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0, "nobody listens there"
    return mark.exists(), done.stderr


@pytest.mark.parametrize("row", ROWS)
def test_the_same_plugins_are_run(row: str, home: Path, cluster: Cluster, dshell: Dshell) -> None:
    kuberc = home / ".kube" / "kuberc"
    kuberc.write_text(ROWS[row].replace("{bin}", f"{home}/bin").replace("{{}}", "{}"))
    for user in ["name", "path", "relative"] if "list" in row else ["name"]:
        theirs, said = has_run(home, [cluster.kubectl_program, "get", "--raw", "/x", "--user", user])
        ours, told = has_run(home, dshell.command(("ls", "--user", user)))

        assert ours == (theirs and row not in STRICTER), (user, said, told)
        if not ours:
            assert str(kuberc) in told


WAYS = ["flag", "variable", "off", "off and flag", "absent flag", "absent variable", "disabled", "disabled and flag"]


@pytest.mark.parametrize("way", WAYS)
def test_the_same_file_is_read(way: str, home: Path, cluster: Cluster, dshell: Dshell) -> None:
    (home / ".kube" / "kuberc").write_text(HEAD + "credentialPluginPolicy: DenyAll\n")
    (home / "mine").write_text(LIST + "- command: look-alike\n")
    file = "absent" if "absent" in way else "mine"
    words = ["--kuberc", str(home / file)] if "flag" in way else []
    variables = {"KUBERC": "off" if "off" in way else str(home / file)} if way != "flag" else {}
    if "disabled" in way:
        variables = {"KUBECTL_KUBERC": "False"}

    theirs, said = has_run(home, [cluster.kubectl_program, "get", "--raw", "/x", *words], **variables)
    ours, told = has_run(home, dshell.command(("ls", *words)), **variables)

    assert ours == theirs == (way in ("flag", "variable", "off", "disabled")), (said, told)
