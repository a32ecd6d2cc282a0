"""Documented lines, read from the documents and run by bash on the cluster, with kubectl and what it finds on PATH."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hack.cluster.packages import Package, ensure

from .documented import GROUPS, LABEL, NAMESPACES, SUBSTITUTED, WITHOUT_KEEP, Line
from .documented_worlds import WORLDS
from .terminal import TerminalSession

if TYPE_CHECKING:
    from .cluster import Cluster
    from .conftest import MakeNamespace

TOP = Path(__file__).parents[2]
CONFIGURATION = (TOP / "docs/configuration.md").read_text("utf-8")
FILES = {
    "fixtures/one": "1\n",
    "backup/app.conf": "repaired\n",
    "config/kubectl-dshell/config.toml": CONFIGURATION.partition("```toml\n")[2].partition("```")[0],
}
PROGRAMS = {
    "kubectl-dshell": f'PYTHONPATH={TOP} exec {sys.executable} -m kubectl_dshell "$@"',
    "fzf": "exec cat",  # a person who takes all
    "asciinema": '[ "$1" = play ] && exec head -n 1 "$2"',
}


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody with a shell, in a folder with what the lines name, and with kubectl and the program on PATH."""

    folder: Path
    namespace: str
    environment: dict[str, str]

    def script(self, line: str, how: Line) -> str:
        """The line with the names of this cluster."""
        for name, ours in (*SUBSTITUTED.items(), (LABEL, f"tier={self.namespace}"), *how.names):
            line = line.replace(name, ours)
        return f"{how.first}\n{re.sub(NAMESPACES, self.namespace, line)}\ncode=$?\n{how.then}\nexit $code"

    def runs(self, line: str, how: Line) -> None:
        command = ["bash", "-c", self.script(line, how)]
        done = subprocess.run(
            command,
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            check=False,
        )
        said = done.stderr.decode()
        assert done.returncode == how.code, (line, done)
        assert re.match(how.shows, done.stdout.decode(errors="replace")), (line, done)
        assert re.search(how.says, said), (line, said)
        assert "error:" not in said or "error:" in how.says, (line, said)

    def types(self, line: str, how: Line) -> None:
        command = ["bash", "-c", self.script(line, how)]
        with TerminalSession(command, self.environment, self.folder, columns=160) as session:
            for pattern, keys in how.typed:
                session.expect(pattern, 60)
                session.send(keys)
            assert session.wait() == how.code, (line, session.text)
            assert session.modes() == session.modes_before, line
            assert re.search(how.shows, session.text), (line, session.text)
            assert "error:" not in session.text, (line, session.text)


@pytest.fixture
def reader(cluster: Cluster, make_namespace: MakeNamespace, tmp_path: Path, group: str) -> Reader:
    ensure((Package("jq", "jq"),))
    namespace = make_namespace()
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "kubectl").symlink_to(Path(cluster.kubectl_program).resolve())
    for name, script in PROGRAMS.items():
        (bin_ / name).write_text(f"#!/bin/sh\n{script}\n")
        (bin_ / name).chmod(0o755)
    environment = {
        "PATH": f"{bin_}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "KUBECONFIG": str(kubeconfig(cluster, tmp_path / "kubeconfig", namespace)),
        "TERM": "xterm",
        "LANG": "C.UTF-8",
        "DSHELL_PATIENCE": "5",
        **({} if group in WITHOUT_KEEP else {"DSHELL_KEEP": "5m"}),
    }
    return Reader(tmp_path, namespace, environment)


def kubeconfig(cluster: Cluster, path: Path, namespace: str) -> Path:
    """With the context that the documents name."""
    context = {"cluster": "prod", "user": "ada", "namespace": namespace}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "prod",
        "clusters": [{"name": "prod", "cluster": cluster.connection()}],
        "users": [{"name": "ada", "user": cluster.credentials()}],
        "contexts": [{"name": "prod", "context": context}],
    }
    path.write_text(json.dumps(config))
    return path


@pytest.mark.parametrize("group", list(GROUPS))
def test_documented_lines_run(cluster: Cluster, reader: Reader, group: str) -> None:
    WORLDS[group](cluster, reader.namespace)
    for line, how in GROUPS[group].items():
        if how.typed:
            reader.types(line, how)
        else:
            reader.runs(line, how)
