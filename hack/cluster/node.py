"""The first process of a cluster's own PID and mount namespace: starts the components and keeps them up.

It is only ever ended by SIGKILL, which takes every process of the namespace with it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from . import record
from .command import run
from .errors import ClusterError
from .process import first_child

if TYPE_CHECKING:
    from .layout import Layout
    from .ports import Ports
    from .process import Process

# Paths that components insist on, whatever they are told: each cluster sees its own, empty at first.
_PRIVATE = ("/run/containerd", "/run/netns", "/var/lib/cni", "/var/lib/kubelet", "/var/log/containers")
_PAUSE_BEFORE_RESTART = 1.0  # seconds
_PATIENCE_FOR_CONTAINERD = 10.0


def start(layout: Layout, ports: Ports, commands: dict[str, list[str]], binaries: Path) -> None:
    """Start it and write down which process it is; an end of ours before that is its end, too."""
    starter = _starter(layout, commands, binaries)
    try:
        record.write(layout.record, record.Record(_first(starter, layout), ports, str(binaries)))
    except BaseException:  # nobody would ever end it
        starter.kill()
        raise


def _starter(layout: Layout, commands: dict[str, list[str]], binaries: Path) -> subprocess.Popen[bytes]:
    """The process that waits for the node; it outlives us, and its only child is the node itself."""
    (layout.folder / "commands.json").write_text(json.dumps(commands, indent=1))
    spaces = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc"]
    program = [sys.executable, "-m", f"{__package__}.node", str(layout.folder)]
    with (layout.log / "node.log").open("ab") as log:
        return subprocess.Popen(
            ["unshare", *spaces, *program],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PATH": f"{binaries}:{os.environ['PATH']}:/usr/sbin:/sbin"},
        )


def _first(starter: subprocess.Popen[bytes], layout: Layout) -> Process:
    while True:
        if first := first_child(starter.pid):
            return first
        if starter.poll() is not None:
            raise ClusterError(f"the node ended at once:\n{(layout.log / 'node.log').read_text()}")


def main(folder: Path) -> None:
    run("mount", "--make-rshared", "/")  # containers see mounts that come later, as kubelet promises
    for path in _PRIVATE:
        Path(path).mkdir(parents=True, exist_ok=True)
        run("mount", "-t", "tmpfs", "dshell", path)
    commands: dict[str, list[str]] = json.loads((folder / "commands.json").read_text())
    running: dict[int, str] = {}
    for name, command in commands.items():
        if name == "kubelet":
            _wait_for(folder / "run/containerd.sock")
        running[_begin(folder, name, command)] = name
    while True:
        pid, status = os.wait()  # orphans of pods come here too
        if name := running.pop(pid, ""):
            print(f"{name} ended with status {os.waitstatus_to_exitcode(status)}", flush=True)
            time.sleep(_PAUSE_BEFORE_RESTART)
            running[_begin(folder, name, commands[name])] = name


def _wait_for(socket: Path) -> None:
    """A kubelet that starts before containerd listens ends, and costs a pause and a second start."""
    deadline = time.monotonic() + _PATIENCE_FOR_CONTAINERD
    while not socket.exists() and time.monotonic() < deadline:
        time.sleep(0.02)


def _begin(folder: Path, name: str, command: list[str]) -> int:
    """Its PID. Popen would be told by nobody that its process ended: whoever waits for all takes the news."""
    with (folder / "log" / f"{name}.log").open("ab") as log, Path(os.devnull).open() as nothing:
        streams = [(os.POSIX_SPAWN_DUP2, file.fileno(), to) for to, file in enumerate((nothing, log, log))]
        return os.posix_spawn(command[0], command, os.environ, file_actions=streams, setsigmask=[])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
