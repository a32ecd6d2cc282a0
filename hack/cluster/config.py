"""Configuration files of the components of one cluster."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .layout import PAUSE_IMAGE

if TYPE_CHECKING:
    from pathlib import Path

    from .layout import Layout
    from .ports import Ports

_CONTAINERD = """\
version = 3
root = "{folder}/containerd/root"
state = "{folder}/containerd/state"
[grpc]
address = "{folder}/run/containerd.sock"
[ttrpc]
address = "{folder}/run/containerd.sock.ttrpc"
[plugins.'io.containerd.cri.v1.images']
snapshotter = "{snapshotter}"
[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = "{pause}"
[plugins.'io.containerd.cri.v1.runtime']
restrict_oom_score_adj = true  # machines without CAP_SYS_RESOURCE may not lower it
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
BinaryName = "{binaries}/runc"
SystemdCgroup = false
[plugins.'io.containerd.cri.v1.runtime'.cni]
bin_dirs = ["{binaries}"]
conf_dir = "{folder}/cni"
"""


def write(layout: Layout, ports: Ports, binaries: Path, snapshotter: str) -> None:
    folder = layout.folder
    for name in ("cni", "run", "static", "containerd", "log/pods"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    containerd = _CONTAINERD.format(folder=folder, binaries=binaries, pause=PAUSE_IMAGE, snapshotter=snapshotter)
    (folder / "containerd.toml").write_text(containerd)
    (folder / "cni/10-dshell.conflist").write_text(json.dumps(_network(layout)))
    (folder / "kubelet.json").write_text(json.dumps(_kubelet(layout, ports), indent=1))
    (folder / "audit.json").write_text(json.dumps(AUDIT_POLICY, indent=1))


def _network(layout: Layout) -> dict[str, Any]:
    """Pods see each other and nothing else, so all clusters may use the same addresses."""
    addresses = {"type": "host-local", "dataDir": f"{layout.folder}/ipam", "ranges": [[{"subnet": "198.51.100.0/24"}]]}
    bridge = {"type": "bridge", "bridge": layout.bridge, "isGateway": False, "ipMasq": False, "ipam": addresses}
    return {"cniVersion": "1.0.0", "name": layout.name, "plugins": [bridge]}


def _kubelet(layout: Layout, ports: Ports) -> dict[str, Any]:
    pki = layout.pki
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": "127.0.0.1",
        "port": ports.kubelet,
        "healthzPort": ports.kubelet_healthz,
        "readOnlyPort": 0,
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{layout.cgroup}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "containerRuntimeEndpoint": f"unix://{layout.containerd_socket}",
        "podLogsDir": f"{layout.log}/pods",
        "staticPodPath": f"{layout.folder}/static",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{pki}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{pki}/kubelet.crt",
        "tlsPrivateKeyFile": f"{pki}/kubelet.key",
        # A developer's full disk is no reason to evict, and images loaded by hand cannot be pulled again.
        "evictionHard": {"memory.available": "1Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "imageGCHighThresholdPercent": 100,
        "makeIPTablesUtilChains": False,
        "maxPods": 250,
        "nodeStatusMaxImages": -1,  # all: `doctor` looks for one, and `make matrix` loads more than the usual 50
        "registryPullQPS": 0,
        "serializeImagePulls": False,
    }


# Requests of users and of tests, each with its user agent; the cluster's own chatter is left out.
AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "None", "userGroups": ["system:nodes", "system:serviceaccounts:kube-system"]},
        {
            "level": "None",
            "users": ["system:apiserver", "system:kube-controller-manager", "system:kube-scheduler"],
        },
        {"level": "None", "nonResourceURLs": ["/healthz*", "/livez*", "/readyz*"]},
        {"level": "Metadata"},
    ],
}
