"""`python -m hack.docs`: what is written about the program by a program.

python -m hack.docs             all of it: record the session of README.md in a namespace of its own, on the cluster of
                                DSHELL_E2E_KUBECONFIG, draw it, and write the reference
python -m hack.docs draw        only draw what was recorded
python -m hack.docs reference   only docs/reference.md and the manual page
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from hack.docs.man import manual
from hack.docs.record import Recording
from hack.docs.reference import markdown
from hack.docs.svg import render

TOP = Path(__file__).parents[2]
CAST, PICTURE = TOP / "docs/img/session.cast", TOP / "docs/img/session.svg"
REFERENCE, MANUAL = TOP / "docs/reference.md", TOP / "docs/kubectl-dshell.1"
TITLE = "A shell in a distroless container"
_NAMESPACE = "docs-demo"
_SIZE = (110, 40)
_HERE, _IN_THE_POD = r"(?:\A|\n)\$ ", r"web/app:\S* \$ "
_SESSION = (
    (_HERE, "kubectl exec -it web -- sh"),
    (_HERE, "kubectl dshell web"),
    (_IN_THE_POD, "id"),
    (_IN_THE_POD, "ls -l app"),
    (_IN_THE_POD, "cat etc/app.yaml"),
    (_IN_THE_POD, "exit"),
    (_HERE, "kubectl dshell web -- sha256sum app/server"),
    (_HERE, "kubectl dshell ls --all"),
    (_HERE, ""),
)


def record() -> str:
    """In a home directory and a namespace of its own, which are removed afterwards."""
    cluster = Path(os.environ["DSHELL_E2E_KUBECONFIG"])
    kubectl = shutil.which(os.environ.get("DSHELL_E2E_KUBECTL", "kubectl")) or sys.exit("error: there is no kubectl")
    with tempfile.TemporaryDirectory(prefix="dshell-docs-") as name:
        folder = Path(name)
        (folder / "kubectl").symlink_to(kubectl)
        kubeconfig = folder / "kubeconfig"
        kubeconfig.touch(mode=0o600)
        kubeconfig.write_bytes(cluster.read_bytes())
        environment = {
            "HOME": name,
            "KUBECONFIG": str(kubeconfig),
            "LANG": "C.UTF-8",
            "PATH": f"{folder}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PS1": r"\[\e[1;32m\]$\[\e[0m\] ",
            "TERM": "xterm-256color",
            **{name: value for name, value in os.environ.items() if name == "PYTHONPATH"},
        }

        def run(*words: str, text: str | None = None) -> None:
            subprocess.run(["kubectl", *words], env=environment, input=text, text=True, check=True, stdout=sys.stderr)

        manifest = (TOP / "manifests/demo/demo.yaml").read_text(encoding="utf-8")
        run("config", "set-context", "--current", f"--namespace={_NAMESPACE}")
        try:
            run("apply", "-f", "-", text=manifest.replace("dshell-demo", _NAMESPACE))
            run("wait", "--for=condition=Ready", "pod/web", "--timeout=120s")
            return Recording(["bash", "--norc", "--noprofile"], environment, folder, _SIZE).play(_SESSION)
        finally:
            run("delete", "namespace", _NAMESPACE)


def draw() -> None:
    PICTURE.write_text(render(CAST.read_text(encoding="utf-8"), TITLE), encoding="utf-8")


def write_reference() -> None:
    REFERENCE.write_text(markdown(), encoding="utf-8")
    MANUAL.write_text(manual(), encoding="utf-8")


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            CAST.write_text(record(), encoding="utf-8")
            draw()
            write_reference()
        case ["draw"]:
            draw()
        case ["reference"]:
            write_reference()
        case _:
            sys.exit(__doc__)
