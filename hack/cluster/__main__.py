"""A real one-node Kubernetes without Docker: python -m hack.cluster VERB

  build             compile its programs into the cache (minutes when cold, once)
  up [--fresh]      start it, load the test images, wait until it runs pods, print `env`; a healthy one is kept
  down              end it and all that is in it
  load FILE...      import OCI image archives
  kubectl ARG...    kubectl of its version, against it
  env               what to set: export $(python -m hack.cluster env)
  status            whether it is up
  with COMMAND...   choose a cluster (DSHELL_E2E_KUBECONFIG, else kind, else this one), run COMMAND told of it

Environment: DSHELL_CLUSTER_NAME (dshell), DSHELL_CLUSTER_CACHE (~/.cache/dshell-cluster), DSHELL_CLUSTER_STATE
(/var/lib/dshell-cluster).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from . import lifecycle
from .build import build
from .choose import choose
from .errors import ClusterError
from .layout import Layout, layout

if TYPE_CHECKING:
    from .record import Record

_USAGE, _FAILED = 64, 69


def main(words: list[str]) -> int:
    here = layout()
    match words:
        case ["build"]:
            print(build())
        case ["up", *rest] if rest in ([], ["--fresh"]):
            lifecycle.up(here, fresh=bool(rest))
            print_env(here)
        case ["down"]:
            lifecycle.down(here)
        case ["load", *files] if files:
            lifecycle.load_images(here, [Path(file) for file in files])
        case ["kubectl", *rest]:
            program = f"{_running(here).binaries}/kubectl"
            os.execv(program, [program, "--kubeconfig", str(here.kubeconfig), *rest])
        case ["with", program, *rest]:
            told = choose().environment()
            os.execvpe(program, [program, *rest], {**os.environ, **told})
        case ["env"]:
            print_env(here)
        case ["status"]:
            found = _running(here)
            print(f"cluster {here.name}: up, node process {found.node.pid}, API server port {found.ports.apiserver}")
        case _:
            print(__doc__, file=sys.stderr)
            return _USAGE
    return 0


def print_env(here: Layout) -> None:
    found = _running(here)
    print(f"KUBECONFIG={here.kubeconfig}")
    print(f"DSHELL_E2E_AUDIT_LOG={here.audit_log}")
    print(f"DSHELL_E2E_KUBECTL={found.binaries}/kubectl")


def _running(here: Layout) -> Record:
    found = lifecycle.running(here)
    if found is None:
        raise ClusterError(f"no cluster {here.name} is up; type: python -m hack.cluster up")
    return found


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ClusterError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(_FAILED)
