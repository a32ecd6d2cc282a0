from __future__ import annotations

import pytest

from hack.cluster.build import MODULES, pinned
from hack.cluster.toolchain import PINS


@pytest.mark.parametrize("module", [module.name for module in MODULES])
def test_every_module_is_pinned_with_checksums(module: str) -> None:
    assert (PINS / module / "go.mod").exists()
    assert (PINS / module / "go.sum").stat().st_size > 0


def test_the_version_of_kubernetes_is_the_one_of_its_go_mod() -> None:
    assert pinned(PINS / "kubernetes", "k8s.io/kubernetes").startswith("v1.36.")
    with pytest.raises(LookupError):
        pinned(PINS / "kubernetes", "example.com/none")
