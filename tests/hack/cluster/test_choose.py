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
    """No kind, an empty cache and no clusters; what was started is listed."""
    started: list[str] = []

    def start(layout: Layout, only: tuple[str, ...]) -> None:
        started.extend((layout.name, *only))

    monkeypatch.setenv("DSHELL_CLUSTER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("DSHELL_CLUSTER_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(kind, "usable", lambda: False)
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


def test_our_own_is_started_with_the_images_that_are_wanted(machine: list[str]) -> None:
    chosen = choose({}, only=("pause", "static"))
    assert (chosen.maker, machine) == (Maker.OURS, ["dshell", "pause", "static"])
    assert chosen.environment()["KUBECONFIG"] == chosen.environment()["DSHELL_E2E_KUBECONFIG"]


def test_kind_gets_the_images_that_are_wanted(
    machine: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[Path] = []
    monkeypatch.setattr(kind, "usable", lambda: True)
    monkeypatch.setattr(kind, "up", lambda: machine.append("kind"))
    monkeypatch.setattr(kind, "load", loaded.extend)
    monkeypatch.setattr(chosen_by, "_kubectl", lambda: "k")
    monkeypatch.setattr(chosen_by, "archives", lambda: [tmp_path / "pause.tar", tmp_path / "static-root.tar"])
    choose({}, only=("pause", "static"))
    assert (machine, loaded) == (["kind"], [tmp_path / "pause.tar"])
    choose({})
    assert loaded[1:] == [tmp_path / "pause.tar", tmp_path / "static-root.tar"]
