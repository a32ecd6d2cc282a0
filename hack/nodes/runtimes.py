"""The container runtimes that a node can run: what starts them, what they are told, how images get into them."""

from __future__ import annotations

import json
import os
import shlex
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hack.cluster.errors import ClusterError
from hack.cluster.layout import PAUSE_IMAGE

if TYPE_CHECKING:
    from collections.abc import Iterable

CONFIGURATION = "runtime.conf"
"""Its file in the seed, whichever runtime it is for."""
GVISOR = Path(__file__).with_name("runsc.sh")
"""What containerd's handler HANDLER runs, as /etc/dshell/runsc."""
HANDLER = "gvisor"
_PROGRAMS, _DEBIAN = "/opt/programs", "/usr/sbin:/usr/bin"


@dataclass(frozen=True, slots=True)
class Runtime:
    """`name` is what people type; `folders` must be mounted before `command` is run with `path`."""

    name: str
    what: str
    command: str
    path: str
    folders: str
    socket: str

    @property
    def unit(self) -> str:
        return f"dshell-{self.name}.service"


_CONFIGURED = f"/etc/dshell/{CONFIGURATION}"
CONTAINERD = Runtime(
    "containerd",
    "containerd 2 and runc, as this project builds them",
    f"{_PROGRAMS}/containerd -c {_CONFIGURED}",
    f"{_PROGRAMS}:{_DEBIAN}",
    _PROGRAMS,
    "/run/containerd/containerd.sock",
)
CONTAINERD_1_7 = Runtime(
    "containerd-1.7",
    "containerd 1.7 and runc of Debian",
    f"/usr/bin/containerd -c {_CONFIGURED}",
    f"{_DEBIAN}:{_PROGRAMS}",
    _PROGRAMS,
    "/run/containerd/containerd.sock",
)
CRIO = Runtime(
    "crio",
    "CRI-O with crun",
    f"/opt/crio/crio --config {_CONFIGURED} --config-dir= ",
    f"/opt/crio:{_PROGRAMS}:{_DEBIAN}",
    f"{_PROGRAMS} /opt/crio",
    "/run/crio/crio.sock",
)
RUNTIMES = (CONTAINERD, CONTAINERD_1_7, CRIO)

WITH_GVISOR = (CONTAINERD, CONTAINERD_1_7)
"""Those that have HANDLER, for RuntimeClasses."""

_UNIT = """\
[Unit]
Description={what}
RequiresMountsFor=/etc/dshell {folders}
After=apparmor.service
StartLimitIntervalSec=0
[Service]
Type=notify
Environment=PATH={path}
ExecStart={command}
Delegate=yes
KillMode=process
OOMScoreAdjust=-999
LimitNOFILE=1048576
TasksMax=infinity
Restart=always
RestartSec=1
"""
_CONTAINERD = """\
version = 3
[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = "{pause}"
[plugins.'io.containerd.cri.v1.runtime']
enable_selinux = {selinux}
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
BinaryName = "/opt/programs/runc"
SystemdCgroup = true
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.gvisor]
runtime_type = "io.containerd.runc.v2"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.gvisor.options]
BinaryName = "/etc/dshell/runsc"
SystemdCgroup = true
[plugins.'io.containerd.cri.v1.runtime'.cni]
bin_dirs = ["/opt/programs"]
conf_dir = "/etc/dshell/cni"
"""
_CONTAINERD_1_7 = """\
version = 2
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause}"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
BinaryName = "/usr/sbin/runc"
SystemdCgroup = true
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.gvisor]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.gvisor.options]
BinaryName = "/etc/dshell/runsc"
SystemdCgroup = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/opt/programs"
conf_dir = "/etc/dshell/cni"
"""
_CRIO = """\
[crio.api]
listen = "/run/crio/crio.sock"
[crio.image]
pause_image = "{pause}"
pause_command = ""
signature_policy = "/etc/containers/policy.json"
[crio.network]
network_dir = "/etc/dshell/cni"
plugin_dirs = ["/opt/programs"]
[crio.runtime]
cgroup_manager = "systemd"
conmon_cgroup = "pod"
default_runtime = "crun"
pinns_path = "/opt/crio/pinns"
log_level = "info"
[crio.runtime.runtimes.crun]
runtime_path = "/usr/bin/crun"
monitor_path = "/usr/bin/conmon"
"""
_CONFIGURATIONS = {"containerd": _CONTAINERD, "containerd-1.7": _CONTAINERD_1_7, "crio": _CRIO}


def named(name: str) -> Runtime:
    found = next((runtime for runtime in RUNTIMES if runtime.name == name), None)
    if found is None:
        raise ClusterError(f"no runtime {name}: {', '.join(runtime.name for runtime in RUNTIMES)}")
    return found


def missing_crio() -> str:
    """Why CRI-O cannot run here; "" when it can. This project does not build its programs: a variable names them."""
    given = os.environ.get("DSHELL_VM_CRIO")
    if not given:
        return "DSHELL_VM_CRIO names no folder with the programs crio and pinns"
    missing = [name for name in ("crio", "pinns") if not (Path(given) / name).is_file()]
    return f"no {' and no '.join(missing)} in DSHELL_VM_CRIO={given}" if missing else ""


def crio_folder() -> Path:
    if reason := missing_crio():
        raise ClusterError(f"the runtime crio needs its programs: {reason}")
    return Path(os.environ["DSHELL_VM_CRIO"])


def crio_version(said: str) -> str:
    """Of what `crio --version` prints, whose first line is "crio version 1.36.3"."""
    words = said.split()[:3]
    if len(words) < 3 or words[:2] != ["crio", "version"]:
        raise ClusterError(f"the program crio of DSHELL_VM_CRIO does not tell its version: {said[:200]!r}")
    return words[2]


def unit_file(runtime: Runtime) -> str:
    return _UNIT.format(what=runtime.what, folders=runtime.folders, path=runtime.path, command=runtime.command)


def configuration(runtime: Runtime, *, selinux: bool = False) -> str:
    """`selinux`: whether containers get labels, which containerd 2 alone is told here."""
    return _CONFIGURATIONS[runtime.name].format(pause=PAUSE_IMAGE, selinux=str(selinux).lower())


def load_script(runtime: Runtime, files: Iterable[Path]) -> str:
    """For the node's shell; the archives come through stdin, as one tar."""
    lines = [
        "set -e",
        "folder=$(mktemp -d /var/tmp/load.XXXXXX)",
        "trap 'rm -rf \"$folder\"' EXIT",
        'cd "$folder"',
        "tar -x",
    ]
    for file in files:
        name = shlex.quote(file.name)
        match runtime.name:
            case "containerd":
                lines.append(f"/opt/programs/ctr -n k8s.io images import --local {name} >/dev/null")
            case "containerd-1.7":
                lines.append(f"/usr/bin/ctr -n k8s.io images import {name} >/dev/null")
            case _:
                images = map(shlex.quote, _image_names(file))
                lines += [f"skopeo copy -q oci-archive:{name}:{image} containers-storage:{image}" for image in images]
    return "\n".join(lines)


def _image_names(archive: Path) -> list[str]:
    """As the archive's own index tells them."""
    with tarfile.open(archive) as tar:
        index = tar.extractfile("index.json")
        if index is None:
            raise ClusterError(f"{archive} is no OCI image archive: it has no index.json")
        manifests = json.load(index)["manifests"]
    return [str(manifest["annotations"]["org.opencontainers.image.ref.name"]) for manifest in manifests]
