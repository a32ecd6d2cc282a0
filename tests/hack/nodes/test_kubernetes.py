from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hack.cluster.errors import ClusterError
from hack.nodes import kubernetes

if TYPE_CHECKING:
    from hack.cluster.build import Module


def test_the_versions_are_the_projects_own_and_the_oldest_supported() -> None:
    own, *_, oldest = kubernetes.versions()

    assert own == kubernetes.own()
    assert oldest == "1.30"
    assert re.fullmatch(r"1\.30\.\d+", kubernetes.exact("1.30"))
    with pytest.raises(ClusterError, match=r"no Kubernetes 1\.25: 1\.36, 1\.30"):
        kubernetes.exact("1.25")


def test_an_older_one_is_compiled_once_beside_the_other_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = tmp_path / "bin"
    ours.mkdir()
    for name in ("etcd", "kubernetes", "kubectl"):
        (ours / name).write_text("ours")
    compiled: list[str] = []

    def compile_programs(_: Path, module: Module, folder: Path, target: Path) -> None:
        compiled.append(folder.name)
        for name in module.programs:
            (target / name).write_text("older")

    monkeypatch.setenv("DSHELL_CLUSTER_CACHE", str(tmp_path))
    monkeypatch.setattr(kubernetes, "build", lambda: ours)
    monkeypatch.setattr(kubernetes, "ensure", lambda _: None)
    monkeypatch.setattr(kubernetes, "go", lambda: Path("go"))
    monkeypatch.setattr(kubernetes, "compile_programs", compile_programs)

    first, again = kubernetes.programs("1.30"), kubernetes.programs("1.30")

    assert kubernetes.programs(kubernetes.own()) == ours
    assert (first, compiled) == (again, ["kubernetes-1.30"])
    assert {file.name: file.read_text() for file in first.iterdir()} == {
        "etcd": "ours",
        "kubernetes": "older",
        "kubectl": "older",
    }
