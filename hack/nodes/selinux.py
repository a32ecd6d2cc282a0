"""What a node under SELinux needs besides Debian's policy: the labels of files that no package has put there."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = ("policycoreutils", "selinux-policy-default")

ATTRIBUTE = "security.selinux"
MODULE = "usr/share/selinux/dshell.cil"
"""Beside Debian's policy; `selinux.cil` says why."""
LOCAL_CONTEXTS = "etc/selinux/default/contexts/files/file_contexts.local"
OF_MOUNT_POINT = "{path} -d system_u:object_r:mnt_t:s0\n"
"""The policy lets mount use no folder of /etc."""
FILE_CONTEXTS = "/etc/selinux/default/contexts/files/file_contexts"

FOLDERS = (
    "var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots",
    "var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes",
)
"""containerd would make them without the labels that the policy has for them; what is in them has their label."""

NETWORK = "10-dshell.conflist"
_ENGINE, _PLUGIN = "container_engine_exec_t", "container_plugin_t"
PROGRAMS = {
    **dict.fromkeys(("containerd", "containerd-shim-runc-v2", "ctr", "runc"), _ENGINE),
    **dict.fromkeys(("bridge", "host-local", "loopback"), _PLUGIN),
    "kubernetes": "kubelet_exec_t",
}
"""The types that the policy gives to these programs in the folders of a distribution; others are `bin_t`.

By them systemd starts containerd as container_engine_t and the kubelet as kubelet_t.
"""

_SEED = {
    **dict.fromkeys(("cni", NETWORK), "container_config_t"),
    **dict.fromkeys(("pki", "ca.crt", "kubelet.crt", "kubelet.key"), "kubernetes_config_t"),
}
"""What containerd and the kubelet watch: they may not watch what has the label of /etc."""


def contexts(folder: Path, types: dict[str, str], other: str) -> dict[str, str]:
    """The labels of a folder that is to be the root of a disk, by path on it: its files' by name, `other` for the rest."""
    paths = {"/": folder, **{f"/{path.relative_to(folder)}": path for path in sorted(folder.rglob("*"))}}
    return {on_disk: f"system_u:object_r:{types.get(path.name, other)}:s0" for on_disk, path in paths.items()}


def of_programs(folder: Path) -> dict[str, str]:
    return contexts(folder, PROGRAMS, "bin_t")


def of_seed(folder: Path) -> dict[str, str]:
    return contexts(folder, _SEED, "etc_t")
