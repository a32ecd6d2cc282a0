"""A one-node Kubernetes whose node is a virtual machine with a distribution's kernel: python -m hack.nodes VERB

  up [RUNTIME] [--kubernetes VERSION] [--selinux]
                    start it, load the test images, wait until it runs pods, print `env`; one of the same kind is kept.
                    RUNTIME: containerd (default), containerd-1.7, crio. VERSION: 1.36 (default), 1.30.
                    --selinux: SELinux enforcing in the place of AppArmor (containerd alone)
  down              end it and all that is in it
  env               what to set: export $(python -m hack.nodes env)
  with COMMAND...   run COMMAND told of it
  ssh [COMMAND...]  a shell or a command on the node, as root
  load FILE...      import OCI image archives
  status            whether it is up, with which versions
  test [--quick]    the tests marked `nodes` on each kind of node, and a table (make test-nodes)
  test --needs      only why no node can run on this machine, if none can
  table             the results of the last `test` in this folder, by test and node

Environment: DSHELL_NODES_NAME (node), DSHELL_NODES_STATE (/var/lib/dshell-nodes), DSHELL_CLUSTER_CACHE as of hack.cluster;
DSHELL_VM_ACCEL (kvm or tcg; kvm where the processor has it), DSHELL_VM_MEMORY (3072, MiB), DSHELL_VM_CPUS (2);
DSHELL_VM_CRIO (a folder with the programs crio and pinns); DSHELL_NODES=required (of `test`: a machine that cannot run
a node is a failure).
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from hack.cluster.errors import ClusterError

from . import lifecycle, results, ring
from .kind import parsed
from .layout import layout

_USAGE, _FAILED = 64, 69


def main(words: list[str]) -> int:
    here = layout()
    match words:
        case ["up", *rest] if (kind := parsed(rest)) is not None:
            lifecycle.up(here, kind)
            print_env(lifecycle.environment(here))
        case ["down"]:
            lifecycle.down(here)
        case ["env"]:
            print_env(lifecycle.environment(here))
        case ["with", program, *rest]:
            os.execvpe(program, [program, *rest], {**os.environ, **lifecycle.environment(here)})
        case ["ssh", *rest]:
            command = lifecycle.ssh_command(here, *rest[rest[:1] == ["--"] :])
            os.execvp(command[0], command)
        case ["load", *files] if files:
            lifecycle.load(here, [Path(file).resolve() for file in files])
        case ["status"]:
            print(" ".join(f"{name}={value}" for name, value in asdict(lifecycle.needed(here)).items()))
        case ["test", *rest] if rest in ([], ["--quick"], ["--needs"]):
            return ring.needs_met() if rest == ["--needs"] else ring.run(here, quick=bool(rest))
        case ["table"]:
            print(results.by_test(json.loads(ring.RESULTS.read_text())))
        case _:
            print(__doc__, file=sys.stderr)
            return _USAGE
    return 0


def print_env(told: dict[str, str]) -> None:
    for name, value in told.items():
        print(f"{name}={value}")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ClusterError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(_FAILED)
