from __future__ import annotations

import pytest

from hack.cluster.errors import ClusterError
from hack.nodes import kubernetes, runtimes
from hack.nodes.kind import Kind, Module, parsed

OWN = kubernetes.own()


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ([], Kind(runtimes.CONTAINERD, OWN)),
        (["crio"], Kind(runtimes.CRIO, OWN)),
        (["--kubernetes", "1.30"], Kind(runtimes.CONTAINERD, "1.30")),
        (["containerd-1.7", "--kubernetes", "1.30"], Kind(runtimes.CONTAINERD_1_7, "1.30")),
        (["--selinux"], Kind(runtimes.CONTAINERD, OWN, Module.SELINUX)),
        (["containerd", "--selinux", "--kubernetes", "1.30"], Kind(runtimes.CONTAINERD, "1.30", Module.SELINUX)),
        (["--fresh"], None),
        (["crio", "more"], None),
        (["crio", "--kubernetes"], None),
    ],
)
def test_a_node_is_told_by_its_runtime_its_kubernetes_and_its_module(words: list[str], kind: Kind | None) -> None:
    assert parsed(words) == kind


def test_selinux_is_refused_for_a_runtime_that_is_told_nothing_of_it() -> None:
    with pytest.raises(ClusterError, match=r"^--selinux is for the runtime containerd, not for crio$"):
        parsed(["crio", "--selinux"])


def test_one_module_alone_is_active() -> None:
    for module in Module:
        others = [other for other in Module if other is not module]
        assert f"security={module}" in module.kernel_words
        assert not any(other in module.kernel_words for other in others)
