from __future__ import annotations

import pytest

from hack.nodes import kubernetes
from hack.nodes.__main__ import _kind

OWN = kubernetes.own()


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ([], ("containerd", OWN)),
        (["crio"], ("crio", OWN)),
        (["--kubernetes", "1.30"], ("containerd", "1.30")),
        (["containerd-1.7", "--kubernetes", "1.30"], ("containerd-1.7", "1.30")),
        (["--fresh"], None),
        (["crio", "more"], None),
        (["crio", "--kubernetes"], None),
    ],
)
def test_a_node_is_told_by_its_runtime_and_its_kubernetes(words: list[str], kind: tuple[str, str] | None) -> None:
    assert _kind(words) == kind
