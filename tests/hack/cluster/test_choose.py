from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hack.cluster import choose as chosen_by
from hack.cluster import kind, lifecycle
from hack.cluster.choose import Maker, choose
from hack.cluster.errors import ClusterError

if TYPE_CHECKING:
    from pathlib import Path

    from hack.cluster.layout import Layout


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No kind, no root, an empty cache and no clusters; what was started is listed."""
    started: list[str] = []

    def start(layout: Layout) -> None:
        started.append(layout.name)

    monkeypatch.setenv("DSHELL_CLUSTER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("DSHELL_CLUSTER_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(kind, "usable", lambda: False)
    monkeypatch.setattr(chosen_by, "in_reach", lambda: "no root here")
    monkeypatch.setattr(lifecycle, "up", start)
    monkeypatch.setattr(lifecycle, "renew_images", lambda layout: started.append(f"images of {layout.name}"))
    return started


def test_a_named_cluster_comes_first(machine: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kind, "usable", lambda: True)
    named = tmp_path / "kubeconfig"
    named.touch()
    chosen = choose({"DSHELL_E2E_KUBECONFIG": str(named), "DSHELL_E2E_KUBECTL": "k"})
    assert (chosen.maker, chosen.kubeconfig, chosen.kubectl, chosen.audit_log) == (Maker.NAMED, named, "k", None)
    assert machine == []


def test_a_named_cluster_that_is_not_there_is_an_error(machine: list[str], tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="no such file"):
        choose({"DSHELL_E2E_KUBECONFIG": str(tmp_path / "none")})
    assert machine == []


def test_a_named_cluster_of_ours_keeps_its_audit_log_and_gets_newer_images(machine: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "state/mine"
    folder.mkdir(parents=True)
    (folder / "kubeconfig").touch()
    chosen = choose({"DSHELL_E2E_KUBECONFIG": str(folder / "kubeconfig")})
    assert chosen.maker is Maker.OURS
    assert chosen.environment()["DSHELL_E2E_AUDIT_LOG"] == str(folder / "log/audit.jsonl")
    assert machine == ["images of mine"]


def test_without_anything_the_error_says_what_to_install(machine: list[str]) -> None:
    with pytest.raises(ClusterError, match=r"no root here\. Install Docker and kind.*DSHELL_E2E_KUBECONFIG"):
        choose({})
    assert machine == []


def test_our_own_is_started_when_it_can_be(machine: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chosen_by, "in_reach", lambda: "")
    chosen = choose({})
    assert (chosen.maker, machine) == (Maker.OURS, ["dshell"])
    assert chosen.environment()["KUBECONFIG"] == chosen.environment()["DSHELL_E2E_KUBECONFIG"]
