"""The virtual machine itself: QEMU's command line, and ssh's."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hack.cluster.command import run
from hack.cluster.errors import ClusterError

from . import guest

if TYPE_CHECKING:
    from .disks import RootImage
    from .kind import Kind

_ACCELERATORS = {
    "kvm": ["-accel", "kvm", "-cpu", "host"],
    "tcg": ["-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max"],
}


@dataclass(frozen=True, slots=True)
class Machine:
    """`disks` are read only; `forwards` are ports of this machine's 127.0.0.1 and the guest's ports that they lead to."""

    root: RootImage
    disks: list[Path]
    kind: Kind
    accelerator: str
    forwards: dict[int, int]
    console: Path


def accelerator() -> str:
    """KVM with the processor's own support: kvm_pvm, which some clouds have, runs only kernels made for it."""
    if given := os.environ.get("DSHELL_VM_ACCEL"):
        if given not in _ACCELERATORS:
            raise ClusterError(f"DSHELL_VM_ACCEL={given}: {' or '.join(_ACCELERATORS)}")
        return given
    return "kvm" if os.access("/dev/kvm", os.W_OK) and has_kvm(Path("/proc/cpuinfo").read_text()) else "tcg"


def has_kvm(cpuinfo: str) -> bool:
    return bool({"vmx", "svm"} & set(cpuinfo.split()))


def memory() -> int:
    """In MiB."""
    return _number("DSHELL_VM_MEMORY", 3072)


def command(machine: Machine) -> list[str]:
    program = shutil.which("qemu-system-x86_64")
    if program is None:
        raise ClusterError("no qemu-system-x86_64 on PATH")
    forwarded = "".join(
        f",hostfwd=tcp:127.0.0.1:{ours}-{guest.ADDRESS}:{theirs}" for ours, theirs in machine.forwards.items()
    )
    kernel = f"root=/dev/vda rw console=ttyS0 loglevel=5 panic=-1 mitigations=off {guest.kernel_words(machine.kind)}"
    folder = machine.root.folder
    return [
        program,
        *("-nodefaults", "-no-user-config", "-machine", "q35", "-display", "none", "-no-reboot"),
        *_ACCELERATORS[machine.accelerator],
        *("-m", str(memory()), "-smp", str(_number("DSHELL_VM_CPUS", 2))),
        *("-kernel", f"{folder}/vmlinuz", "-initrd", f"{folder}/initrd", "-append", kernel),
        # what the node writes goes to a file that has no name, and is gone with the process
        *("-drive", f"if=virtio,format=raw,snapshot=on,cache=unsafe,file={machine.root.disk}"),
        *(word for disk in machine.disks for word in ("-drive", f"if=virtio,format=raw,readonly=on,file={disk}")),
        *("-netdev", f"user,id=net0{forwarded}", "-device", "virtio-net-pci,netdev=net0,romfile="),
        *("-device", "virtio-rng-pci"),
        *("-serial", f"file:{machine.console}"),
    ]


def make_key(path: Path) -> None:
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "dshell-node", "-f", path)


def ssh(key: Path, port: int) -> list[str]:
    """root on the guest; whose host key is new with each start, and whose port only this machine reaches."""
    options = {
        "IdentitiesOnly": "yes",
        "StrictHostKeyChecking": "no",
        "UserKnownHostsFile": "/dev/null",
        "LogLevel": "ERROR",
        "ConnectTimeout": "20",
        "ServerAliveInterval": "15",
        "ServerAliveCountMax": "8",
        "BatchMode": "yes",
    }
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    return ["ssh", "-F", "none", "-i", str(key), "-p", str(port), *words, "root@127.0.0.1"]


def _number(variable: str, usual: int) -> int:
    given = os.environ.get(variable) or str(usual)
    if not given.isdecimal():
        raise ClusterError(f"{variable}={given}: a number, such as {usual}")
    return int(given)
