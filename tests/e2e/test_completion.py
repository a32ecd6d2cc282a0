"""TAB in real shells on a real terminal: what is on the line afterwards, and that nothing else has happened."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hack.cluster.packages import SHELLS, ensure

from .pods import Pod, app, pod_manifest
from .terminal import TerminalSession

if TYPE_CHECKING:
    from .cluster import Cluster
    from .program import Dshell

pytestmark = pytest.mark.xdist_group("shells")
TOP = Path(__file__).parents[2]
HOSTILE = "evil$(touch pwned)`touch pwned` ;'&\"x"
START = {
    "bash": (
        ["bash", "--noprofile", "--norc", "-i"],
        (
            "PS1='READY''> '; source /usr/share/bash-completion/bash_completion; "
            "source <(kubectl-dshell completion bash); source <(kubectl completion bash)\n"
        ),
    ),
    "zsh": (
        ["zsh", "-f", "-i"],
        (
            "PS1='READY''> '; autoload -Uz compinit; compinit -D -u; source <(kubectl-dshell completion zsh); "
            "source <(kubectl completion zsh)\n"
        ),
    ),
    "fish": (
        ["fish", "--no-config", "-i"],
        (
            "function fish_prompt; echo -n 'READY''> '; end; kubectl-dshell completion fish | source; "
            "kubectl completion fish | source\n"
        ),
    ),
}
PROGRAM = """\
#!/bin/sh
case $1 in
__complete | completion) exec {python} -m kubectl_dshell "$@" ;;
esac
printf 'ARGUMENTS'
printf '<%s>' "$@"
echo END
"""


@pytest.fixture(scope="module", autouse=True)
def _shells() -> None:
    ensure(SHELLS)


@pytest.fixture
def environment(dshell: Dshell, cluster: Cluster, tmp_path: Path) -> dict[str, str]:
    """A PATH with kubectl, the file for it, and a program that completes as ours does, and else shows its arguments."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "kubectl-dshell"
    program.write_text(PROGRAM.format(python=sys.executable))
    program.chmod(0o755)
    (folder / "kubectl").symlink_to(Path(cluster.kubectl_program).resolve())
    path = f"{folder}:{os.environ['PATH']}"
    env = dshell.environment(None) | {"PATH": path, "PYTHONPATH": str(TOP), "TERM": "xterm"}
    installed = dshell("completion", "install", env=env)
    assert (installed.code, installed.stderr) == (0, "")
    assert f"Wrote {folder}/kubectl_complete-dshell" in installed.stdout.decode()
    return env


@pytest.fixture(scope="module")
def web(cluster: Cluster, namespace: str) -> Pod:
    pod = Pod(cluster, namespace, "web-1")
    for manifest in (pod_manifest("web-1", app()), pod_manifest("a-pending", app("dshell.test/none:none"))):
        cluster.apply(manifest, namespace=namespace)
    pod.wait_ready()
    return pod


@pytest.fixture
def pod(web: Pod, dshell: Dshell) -> Pod:
    """A pod with a live debug container and a file that somebody has given a name to."""
    script = 'mkdir -p tmp/data && cd tmp/data && : >"$1" && : >"$2" && : >plain.txt'
    made = dshell("web-1", "--keep=5m", "-q", "--", "sh", "-c", script, "sh", HOSTILE, "new\nline")
    assert made.code == 0, made.stderr
    return web


def completed(terminal: TerminalSession, typed: str) -> list[str]:
    """The arguments of the line that `typed` becomes, with its TABs, as the shell passes them."""
    terminal.expect("READY> ")
    for part in re.split("(\t)", typed):
        terminal.send(part)
    terminal.send("\n")
    shown = terminal.expect(r"ARGUMENTS((?:<[^\n]*>)+)END", 60)
    return re.findall(r"<(.*?)>(?=<|$)", shown[1])


@pytest.mark.parametrize("shell", START)
def test_tab(shell: str, pod: Pod, environment: dict[str, str], tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    command, setup = START[shell]
    before = len(pod.json()["spec"].get("ephemeralContainers", []))

    with TerminalSession(command, environment, here, rows=50, columns=160) as terminal:
        terminal.send(setup)
        assert completed(terminal, "kubectl-dshell we\t") == ["web-1"]
        assert completed(terminal, "kubectl-dshell explai\twe\t") == ["explain", "web-1"]
        assert completed(terminal, "kubectl-dshell --profi\tgener\t") == ["--profile", "general"]
        assert completed(terminal, "kubectl-dshell -n kube-sys\t") == ["-n", "kube-system"]
        assert completed(terminal, "kubectl-dshell web-1 -c ap\t") == ["web-1", "-c", "app"]
        assert completed(terminal, "kubectl-dshell attach dshell\t")[1].startswith("dshell-")
        assert completed(terminal, "kubectl-dshell cp we\t/tmp/da\tpla\t.") == ["cp", "web-1:/tmp/data/plain.txt", "."]
        elsewhere = f"{pod.namespace}/web-1:/etc"
        assert completed(terminal, f"kubectl-dshell cp {pod.namespace}/we\t/etc .") == ["cp", elsewhere, "."]
        assert completed(terminal, "kubectl-dshell ls --namespace=kube-sys\t") == ["ls", "--namespace=kube-system"]
        assert completed(terminal, 'kubectl-dshell cp "web-1:/tmp/data/pla\t.')[1:] == [
            "web-1:/tmp/data/plain.txt",
            ".",
        ]
        assert completed(terminal, "kubectl-dshell cp web-1:/tmp/data/ev\t.") == [
            "cp",
            f"web-1:/tmp/data/{HOSTILE}",
            ".",
        ]
        assert completed(terminal, "kubectl dshell cp web-1:/tmp/data/pl\t.")[1:] == ["web-1:/tmp/data/plain.txt", "."]
        assert completed(terminal, "kubectl dshell -n kube-sys\texplai\t") == ["-n", "kube-system", "explain"]

    assert list(here.iterdir()) == []
    assert len(pod.json()["spec"]["ephemeralContainers"]) == before


def test_kubectl_asks_and_nothing_is_written_to_the_cluster(
    pod: Pod, environment: dict[str, str], dshell: Dshell, cluster: Cluster, tmp_path: Path
) -> None:
    def ask(*words: str, **env: str) -> list[str]:
        done = subprocess.run(
            [cluster.kubectl_program, "__complete", "dshell", *words],
            env=environment | env,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.splitlines()

    pods = ask("")
    assert [pods.index(f"{name}") for name in ("web-1\tRunning",)] < [
        next(at for at, line in enumerate(pods) if line.startswith("a-pending\t"))
    ]
    assert "cp\tcopy files out of the app or into it" in pods
    assert ask("cp", "web-1:/tmp/data/") == ["web-1:/tmp/data/plain.txt", ":4"], "kubectl might not quote the others"
    assert ask("web-1", "-c", "") == [f"app\t{pod.json()['spec']['containers'][0]['image']}", ":4"]
    many = ("create", "deployment", "many", "--image=tools:1", "--replicas=0", "-n", pod.namespace)
    cluster.kubectl(*many)
    assert ask("deploy/many", "-c", "") == ["tools\ttools:1", ":4"]
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    assert ask("cp", "web-1:/tmp/", HOME=str(stranger)) == [":4"], "a debug container of somebody else is not used"
    nowhere = dshell("__complete", "--server", "https://127.0.0.1:1", "ls", "x")
    assert (nowhere.code, nowhere.stdout, nowhere.stderr) == (0, b":36\n", "")
