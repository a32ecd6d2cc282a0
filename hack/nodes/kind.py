"""What tells one node from another: runtime, version of Kubernetes, and the security module that its kernel enforces."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from hack.cluster.errors import ClusterError

from . import kubernetes, runtimes

if TYPE_CHECKING:
    from .runtimes import Runtime


class Module(StrEnum):
    """Of the kernel; one of them alone is active."""

    APPARMOR = "apparmor"
    SELINUX = "selinux"

    @property
    def shown(self) -> str:
        return "SELinux" if self is Module.SELINUX else "AppArmor"

    @property
    def kernel_words(self) -> str:
        """`enforcing=1` goes before what the policy's package has in /etc/selinux/config."""
        return "security=selinux selinux=1 enforcing=1" if self is Module.SELINUX else "apparmor=1 security=apparmor"


@dataclass(frozen=True, slots=True)
class Kind:
    """`kubernetes` as people type it: 1.36."""

    runtime: Runtime
    kubernetes: str
    module: Module = Module.APPARMOR


def parsed(words: list[str]) -> Kind | None:
    """Of `[RUNTIME] [--kubernetes VERSION] [--selinux]`; None for other words; ClusterError for what no node can be."""
    name, version, module = runtimes.CONTAINERD.name, kubernetes.own(), Module.APPARMOR
    if words and not words[0].startswith("-"):
        name, *words = words
    while words:
        match words:
            case ["--kubernetes", version, *words]:
                pass
            case ["--selinux", *words]:
                module = Module.SELINUX
            case _:
                return None
    runtime = runtimes.named(name)
    if module is Module.SELINUX and runtime is not runtimes.CONTAINERD:
        raise ClusterError(f"--selinux is for the runtime {runtimes.CONTAINERD.name}, not for {runtime.name}")
    return Kind(runtime, version, module)
