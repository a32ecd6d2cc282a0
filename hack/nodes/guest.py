"""What is inside the virtual machine, whichever runtime it runs: packages, units, and what its node is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import runtimes, selinux
from .kind import Module

if TYPE_CHECKING:
    from hack.cluster.layout import Layout
    from hack.cluster.ports import Ports

    from .kind import Kind

SUITE = "trixie"
# QEMU's user-mode network: the guest, and this machine's 127.0.0.1 seen from it.
ADDRESS, HOST = "10.0.2.15", "10.0.2.2"

PACKAGES = (
    *("systemd", "systemd-sysv", "udev", "dbus", "kmod", "iproute2", "procps", "util-linux", "openssh-server"),
    *("linux-image-cloud-amd64", "initramfs-tools", "zstd", "ca-certificates"),
    *("apparmor", "libseccomp2"),
    *selinux.PACKAGES,
    *("containerd", "runc", "crun", "conmon", "skopeo"),
    "runsc",
)
ENABLED = ("systemd-networkd.service", "dshell-kubelet.service")  # the runtime is named on the kernel's command line
# What only costs time at the start. containerd.service is Debian's own, which the units here stand for.
DISABLED = (
    *("containerd.service", "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer"),
    *("fstrim.timer", "e2scrub_reap.service", "systemd-timesyncd.service", "systemd-networkd-wait-online.service"),
    *("getty@tty1.service", "serial-getty@ttyS0.service", "systemd-logind.service", "systemd-rfkill.socket"),
    *(f"modprobe@{name}.service" for name in ("configfs", "dm_mod", "drm", "efi_pstore", "fuse", "loop")),
    *(f"sys-kernel-{name}.mount" for name in ("config", "debug", "tracing")),
)

_KUBELET = f"""\
[Unit]
Description=kubelet
RequiresMountsFor=/etc/dshell /opt/programs
After={" ".join(runtime.unit for runtime in runtimes.RUNTIMES)}
StartLimitIntervalSec=0
[Service]
Environment=PATH=/opt/programs:/usr/sbin:/usr/bin
ExecStart=/opt/programs/kubernetes kubelet --config=/etc/dshell/kubelet.json --kubeconfig=/etc/dshell/kubelet.kubeconfig \
--cert-dir=/var/lib/kubelet/pki --hostname-override=localhost --node-ip={ADDRESS}
Restart=always
RestartSec=1
[Install]
WantedBy=multi-user.target
"""
_UNITS = "etc/systemd/system"
FOLDERS = ("opt/programs", "opt/crio", "etc/dshell", *selinux.FOLDERS)
FILES = {
    "etc/fstab": (
        "LABEL=dshell-programs /opt/programs ext4 ro 0 0\n"
        "LABEL=dshell-crio /opt/crio ext4 ro,noauto 0 0\n"
        "LABEL=dshell-seed /etc/dshell ext4 ro 0 0\n"
    ),
    "etc/hostname": "dshell-node\n",
    "etc/hosts": "127.0.0.1 localhost dshell-node\n",
    "etc/resolv.conf": "nameserver 10.0.2.3\n",
    "etc/machine-id": "",
    "etc/containers/policy.json": '{"default": [{"type": "insecureAcceptAnything"}]}\n',
    "etc/modules-load.d/dshell.conf": "overlay\nbridge\nveth\nbr_netfilter\n",
    "etc/sysctl.d/90-dshell.conf": (
        "net.ipv4.ip_forward=1\nkernel.panic=10\nkernel.panic_on_oops=1\nvm.overcommit_memory=1\n"
        "fs.inotify.max_user_instances=8192\nfs.inotify.max_user_watches=524288\n"
    ),
    selinux.MODULE: Path(__file__).with_name("selinux.cil").read_text(),
    selinux.LOCAL_CONTEXTS: selinux.OF_MOUNT_POINT.format(path="/etc/dshell"),
    "etc/systemd/network/10-dshell.network": (
        f"[Match]\nDriver=virtio_net\n[Network]\nAddress={ADDRESS}/24\nGateway={HOST}\nLinkLocalAddressing=no\n"
    ),
    "etc/ssh/sshd_config.d/dshell.conf": (
        "AuthorizedKeysFile /etc/dshell/authorized_keys\nPasswordAuthentication no\nUsePAM no\nUseDNS no\n"
    ),
    **{f"{_UNITS}/{runtime.unit}": runtimes.unit_file(runtime) for runtime in runtimes.RUNTIMES},
    f"{_UNITS}/dshell-kubelet.service": _KUBELET,
}


def kernel_words(kind: Kind) -> str:
    """What chooses the runtime, and the kernel's security module."""
    return f"systemd.wants={kind.runtime.unit} {kind.module.kernel_words}"


def write_seed(seed: Path, layout: Layout, ports: Ports, kind: Kind) -> None:
    """The files of /etc/dshell: certificates, configuration, who may log in."""
    (seed / "pki").mkdir(parents=True)
    (seed / "cni").mkdir()
    for name in ("ca.crt", "kubelet.crt", "kubelet.key"):
        shutil.copy(layout.pki / name, seed / "pki")
    shutil.copy(layout.folder / "ssh.pub", seed / "authorized_keys")
    (seed / "kubelet.json").write_text(json.dumps(_kubelet(ports, kind.runtime), indent=1))
    kubeconfig = json.loads((layout.pki / "kubelet.kubeconfig").read_text())
    server = {"server": f"https://{HOST}:{ports.apiserver}", "tls-server-name": "localhost"}
    kubeconfig["clusters"][0]["cluster"].update(server)
    (seed / "kubelet.kubeconfig").write_text(json.dumps(kubeconfig))
    (seed / "cni" / selinux.NETWORK).write_text(json.dumps(_network()))
    (seed / runtimes.CONFIGURATION).write_text(
        runtimes.configuration(kind.runtime, selinux=kind.module is Module.SELINUX)
    )
    shutil.copy(runtimes.GVISOR, seed / "runsc")
    (seed / "runsc").chmod(0o755)


def _network() -> dict[str, Any]:
    """As on the other node: pods see each other and nothing else."""
    addresses = {"type": "host-local", "ranges": [[{"subnet": "198.51.100.0/24"}]]}
    bridge = {"type": "bridge", "bridge": "dshell0", "isGateway": False, "ipMasq": False, "ipam": addresses}
    return {"cniVersion": "1.0.0", "name": "dshell", "plugins": [bridge]}


def _kubelet(ports: Ports, runtime: runtimes.Runtime) -> dict[str, Any]:
    """Fields that Kubernetes 1.30 knows, too."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": "0.0.0.0",  # in a machine of its own, with one port to this one
        "port": ports.kubelet,
        "readOnlyPort": 0,
        "cgroupDriver": "systemd",
        "failSwapOn": False,
        "containerRuntimeEndpoint": f"unix://{runtime.socket}",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": "/etc/dshell/pki/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": "/etc/dshell/pki/kubelet.crt",
        "tlsPrivateKeyFile": "/etc/dshell/pki/kubelet.key",
        "evictionHard": {"memory.available": "1Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "imageGCHighThresholdPercent": 100,
        "makeIPTablesUtilChains": False,
        "maxPods": 250,
        "nodeStatusMaxImages": -1,
        "registryPullQPS": 0,
        "serializeImagePulls": False,
    }
