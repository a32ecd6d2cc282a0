"""From nothing to a node in a virtual machine that runs pods, and back."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

from hack.cluster import lifecycle as cluster
from hack.cluster import node as control_plane
from hack.cluster import pki, ports, record
from hack.cluster.archives import archives, archives_of_tests
from hack.cluster.build import binaries, pinned
from hack.cluster.command import run
from hack.cluster.components import commands
from hack.cluster.config import AUDIT_POLICY
from hack.cluster.errors import ClusterError
from hack.cluster.lock import locked
from hack.cluster.toolchain import PINS

from . import disks, guest, kubernetes, machine, needs, runtimes, selinux
from .kind import Module
from .layout import Node, console, key, read, write
from .said import say

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from hack.cluster.layout import Layout

    from .kind import Kind
    from .runtimes import Runtime

SLOWNESS = {"kvm": 2, "tcg": 10}
"""How many times longer than on this machine itself a node's work may take."""
_STEP = {"kvm": 180.0, "tcg": 600.0}  # seconds for each step of the start: 4 minutes were measured for all, at load 20
_ON_HOST = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")


def up(layout: Layout, kind: Kind, *, images: Collection[str] = ()) -> None:
    """Keep one of the same kind that runs, else start it anew; everything is made before anything is started.

    `images` are the archives of the tests that it gets, all if none is named: a minute or more where all is translated.
    """
    exact = kubernetes.exact(kind.kubernetes)
    # One that runs has its memory and disks, and gives them back if it is replaced.
    if running(layout) is None and (lacking := needs.lacking()):
        raise ClusterError("no node can run here: " + "; ".join(lacking))
    folders = {"crio": runtimes.crio_folder()} if kind.runtime is runtimes.CRIO else {}
    needs.install()
    programs = kubernetes.programs(kind.kubernetes)
    root = disks.root_image()
    mounted = [disks.folder_image(label, folder) for label, folder in {"programs": programs, **folders}.items()]
    files = [file for file in archives_of_tests() if file.stem in images] if images else archives()
    with locked(layout.lock, f"starting or ending the node {layout.name}"):
        found = running(layout)
        if not (found and (found.runtime, found.kubernetes, found.module) == (kind.runtime.name, exact, kind.module)):
            _remove(layout)
            _start(layout, kind, programs, root, mounted)
        try:
            _wait(layout, "ssh into it", lambda: _asked(ssh_command(layout, "true")))
            load(layout, files)
            ready = ("wait", "--for=condition=Ready", "node/localhost", "--timeout=5s")
            _wait(layout, "the node", lambda: cluster.kubectl(layout, *ready))
            account = ("get", "serviceaccount", "default")  # a pod made before it is refused
            _wait(layout, "the default service account", lambda: cluster.kubectl(layout, *account))
        except ClusterError as error:
            raise ClusterError(f"{error}\n{last_words(layout)}") from error
    say(f"{layout.name} is up")


def down(layout: Layout) -> None:
    """End it and forget it; nothing happens when there is none."""
    if layout.lock.exists():
        with locked(layout.lock, f"starting or ending the node {layout.name}"):
            _remove(layout)


def running(layout: Layout) -> Node | None:
    return read(layout) if cluster.running(layout) else None


def needed(layout: Layout) -> Node:
    found = running(layout)
    if found is None:
        raise ClusterError(f"no node {layout.name} is up; type: python -m hack.nodes up")
    return found


def ssh_command(layout: Layout, *words: str) -> list[str]:
    """One word is for the node's shell as it is, several are a command."""
    prefix = machine.ssh(key(layout), needed(layout).ssh)
    return [*prefix, *([shlex.join(words)] if len(words) > 1 else words)]


def load(layout: Layout, files: Sequence[Path]) -> None:
    """Import OCI archives that it does not have; in one stream, for a connection costs seconds where all is translated."""
    names = {file: f"{file} {file.stat().st_size} {file.stat().st_mtime_ns}" for file in files}
    before = layout.loaded.read_text().splitlines() if layout.loaded.exists() else []
    new = [file for file, name in names.items() if name not in before]
    if not new:
        return
    found = needed(layout)
    say(f"loading {len(new)} images")
    script = runtimes.load_script(runtimes.named(found.runtime), new)
    sender = ["tar", "-c", *(word for file in new for word in ("-C", str(file.parent), file.name))]
    with subprocess.Popen(sender, stdout=subprocess.PIPE) as tar:
        command = ["timeout", "--kill-after=5", f"{2 * _STEP[found.accelerator]:.0f}", *ssh_command(layout, script)]
        done = subprocess.run(command, stdin=tar.stdout, check=False, capture_output=True, text=True)
        tar.kill()  # it has nobody to write to any more
    if done.returncode:
        why = done.stderr.strip()[-2000:] or f"its loader ended with status {done.returncode}"
        raise ClusterError(f"loading images into the node {layout.name} failed: {why}")
    with layout.loaded.open("a") as out:
        out.writelines(f"{names[file]}\n" for file in new)


def environment(layout: Layout) -> dict[str, str]:
    """What tells programs and tests of it."""
    found = needed(layout)
    # under SELinux runsc would need labels and rules of its own
    has_gvisor = found.module == Module.APPARMOR and runtimes.named(found.runtime) in runtimes.WITH_GVISOR
    return {
        "KUBECONFIG": str(layout.kubeconfig),
        "DSHELL_E2E_KUBECONFIG": str(layout.kubeconfig),
        "DSHELL_E2E_AUDIT_LOG": str(layout.audit_log),
        "DSHELL_E2E_KUBECTL": f"{binaries()}/kubectl",  # the newest: tests compare with it, whatever the node's version
        "DSHELL_E2E_NODE": str(_entrance(layout)),
        "DSHELL_E2E_SLOWNESS": str(SLOWNESS[found.accelerator]),
        **({"DSHELL_E2E_GVISOR": runtimes.HANDLER} if has_gvisor else {}),
        "DSHELL_E2E_MODULE": found.module,
    }


def last_words(layout: Layout) -> str:
    """The end of what the guest's console, the processes here, and the node's runtime and kubelet said."""
    words = []
    for path, lines in ((layout.log / "node.log", 10), (layout.log / "qemu.log", 10), (console(layout), 30)):
        text = path.read_text(errors="replace") if path.exists() else ""
        words += [f"--- the end of {path}", *text.splitlines()[-lines:]]
    if found := running(layout):
        journal = f"journalctl --no-pager -o cat -n 20 -u dshell-{found.runtime} -u dshell-kubelet | cut -c1-300"
        command = ["timeout", "--kill-after=5", "60", *ssh_command(layout, journal)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        words += ["--- the node's own journal", done.stdout.strip() or done.stderr.strip()]
    return "\n".join(words)


def _start(layout: Layout, kind: Kind, programs: Path, root: disks.RootImage, images: list[Path]) -> None:
    node = Node(
        runtime=kind.runtime.name,
        runtime_version=_version(kind.runtime, root),
        kubernetes=kubernetes.exact(kind.kubernetes),
        kernel=root.kernel,
        accelerator=machine.accelerator(),
        module=kind.module,
        ssh=ports.free_port(),
    )
    versions = f"{node.runtime} {node.runtime_version}, Kubernetes {node.kubernetes}, {node.kernel}"
    say(f"starting {layout.name}: {versions}, {kind.module.shown}, {node.accelerator}")
    layout.log.mkdir(parents=True)
    layout.folder.chmod(0o700)
    chosen = ports.pick()
    pki.write(layout, chosen.apiserver)
    (layout.folder / "audit.json").write_text(json.dumps(AUDIT_POLICY, indent=1))
    machine.make_key(key(layout))
    seed, seed_image = layout.folder / "seed", layout.folder / "seed.ext4"
    guest.write_seed(seed, layout, chosen, kind)
    disks.filesystem(seed, seed_image, "dshell-seed", 16 * 1024 * 1024, selinux.of_seed(seed))
    forwards = {node.ssh: 22, chosen.kubelet: chosen.kubelet}
    parts = machine.Machine(root, [*images, seed_image], kind, node.accelerator, forwards, console(layout))
    every = commands(layout, chosen, programs)
    wanted = {**{name: every[name] for name in _ON_HOST}, "qemu": machine.command(parts)}
    write(layout, node)
    entrance = _entrance(layout)
    entrance.write_text(f'#!/bin/sh\nexec {shlex.join(machine.ssh(key(layout), node.ssh))} "$@"\n')
    entrance.chmod(0o700)
    control_plane.start(layout, chosen, wanted, programs)


def _entrance(layout: Layout) -> Path:
    """A program that runs its arguments in a shell on the node: one word, for a variable."""
    return layout.folder / "enter"


def _version(runtime: Runtime, root: disks.RootImage) -> str:
    match runtime.name:
        case "containerd":
            return pinned(PINS / "containerd", "github.com/containerd/containerd/v2").removeprefix("v")
        case "containerd-1.7":
            return root.version("containerd")
        case _:
            return runtimes.crio_version(run(runtimes.crio_folder() / "crio", "--version"))


def _remove(layout: Layout) -> None:
    found = record.read(layout.record)
    if found and not found.node.kill():
        raise ClusterError(f"process {found.node.pid}, of the node {layout.name}, survives SIGKILL")
    shutil.rmtree(layout.folder, ignore_errors=True)


def _asked(command: list[str]) -> bool:
    within = ["timeout", "--kill-after=5", "60", *command]
    return subprocess.run(within, stdin=subprocess.DEVNULL, check=False, capture_output=True).returncode == 0


def _wait(layout: Layout, what: str, ready: Callable[[], bool]) -> None:
    say(f"waiting for {what}")
    seconds = _STEP[needed(layout).accelerator]
    deadline = time.monotonic() + seconds
    while not ready():
        needed(layout)
        if time.monotonic() > deadline:
            raise ClusterError(f"{what} is not ready after {seconds:.0f} s; see {layout.log}")
        time.sleep(0.5)
