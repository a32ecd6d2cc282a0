"""`make demo`: two apps without a shell on a real cluster, and a shell in one of them.

Without a terminal it is a tour of commands instead, each printed before it runs.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

from kubectl_dshell.errors import ExitStatus

from . import kind, lifecycle
from .choose import Chosen, choose
from .errors import ClusterError
from .layout import layout

_NAMESPACE = "dshell-demo"
_MANIFESTS = Path(__file__).parents[2] / "manifests/demo"
_ARCHIVES = ("pause", "static", "python", "busybox")
"""Of the images of the two apps, of a pod's first process, and of the debug container."""
_TOUR = (
    "kubectl get pods",
    "kubectl dshell web -- cat etc/os-release",
    "kubectl dshell web --quiet -- id",
    "kubectl dshell api --quiet -- ls -l app",
    "kubectl dshell ls --all",
)


def up() -> int:
    chosen = choose(only=_ARCHIVES)
    told = _told(chosen)
    print(f"cluster {chosen.maker}: {chosen.kubeconfig}", file=sys.stderr)
    _kubectl(told, "apply", "-f", str(_MANIFESTS))
    _kubectl(told, "wait", "--for=condition=Ready", "pod", "--all", "--timeout=120s")
    if sys.stdin.isatty() and sys.stdout.isatty():
        code = subprocess.run(["kubectl-dshell", "web"], env=told, check=False).returncode
        program = Path(sys.executable).with_name("kubectl-dshell")
        print(f"Again: KUBECONFIG={told['KUBECONFIG']} {program} web\nThe end: make demo-down")
        return code if code in set(ExitStatus) - {ExitStatus.INTERRUPTED} else 0  # else it is the shell's own
    return _tour(told)


def down() -> None:
    """Of a named cluster the demo's namespace is removed, of one of ours everything."""
    if named := os.environ.get("DSHELL_E2E_KUBECONFIG"):
        chosen = choose()
        print(f"removing the namespace {_NAMESPACE} from {named}", file=sys.stderr)
        words = ["delete", "namespace", _NAMESPACE, "--ignore-not-found"]
        subprocess.run([chosen.kubectl, *words], env=_told(chosen), check=True)
    elif kind.usable():
        kind.down()
    else:
        lifecycle.down(layout())


def _tour(told: dict[str, str]) -> int:
    """The first exit code that is not 0, after all commands."""
    worst = 0
    for line in _TOUR:
        print(f"\n$ {line}", flush=True)
        done = subprocess.run(shlex.split(line), env=told, stdin=subprocess.DEVNULL, check=False)
        worst = worst or done.returncode
    print("\nIn a terminal, `make demo` opens `kubectl dshell web`. `make demo-down` removes everything.")
    return worst


def _told(chosen: Chosen) -> dict[str, str]:
    """A kubeconfig of the demo's namespace, and both kubectl and the plugin by their plain names."""
    folder = Path(sys.prefix) / "demo"
    folder.mkdir(exist_ok=True)
    kubeconfig, program = folder / "kubeconfig", folder / "kubectl"
    kubeconfig.touch(mode=0o600)
    kubeconfig.write_bytes(chosen.kubeconfig.read_bytes())
    program.unlink(missing_ok=True)
    program.symlink_to(chosen.kubectl)
    path = f"{folder}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    told = {**os.environ, "KUBECONFIG": str(kubeconfig), "PATH": path}
    _kubectl(told, "config", "set-context", "--current", f"--namespace={_NAMESPACE}")
    return told


def _kubectl(told: dict[str, str], *words: str) -> None:
    program = Path(told["KUBECONFIG"]).with_name("kubectl")
    done = subprocess.run([program, *words], env=told, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise ClusterError(f"kubectl {' '.join(words)}: {done.stderr.strip()}")


if __name__ == "__main__":
    try:
        match sys.argv[1:]:
            case ["up"]:
                sys.exit(up())
            case ["down"]:
                down()
            case _:
                sys.exit("python -m hack.cluster.demo up|down")
    except ClusterError as error:
        sys.exit(f"error: {error}")
