from __future__ import annotations

from pathlib import Path

import pytest

from hack.cluster.errors import ClusterError
from hack.cluster.layout import Layout, cache_root, layout, layout_of

_ROOT = Path("/var/lib/dshell-cluster")


@pytest.mark.parametrize(
    ("environment", "name"), [({}, "dshell"), ({"DSHELL_CLUSTER_NAME": "mine"}, "mine")], ids=["none", "named"]
)
def test_the_name_comes_from_the_environment(
    environment: dict[str, str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    assert layout() == Layout(name, _ROOT)


@pytest.mark.parametrize("name", ["Upper", "../up", "1st", "a b", "x" * 21])
def test_a_name_that_would_not_do_in_a_path_is_refused(name: str) -> None:
    with pytest.raises(ClusterError, match="is no cluster name"):
        layout(name)


def test_two_clusters_share_no_folder_no_bridge_and_no_cgroup() -> None:
    one, other = Layout("one", _ROOT), Layout("other", _ROOT)
    for part in ("folder", "lock", "record", "kubeconfig", "containerd_socket", "bridge", "cgroup"):
        assert getattr(one, part) != getattr(other, part)


@pytest.mark.parametrize("name", ["a", "x" * 20])
def test_the_kernel_takes_the_names_of_bridges_and_sockets(name: str) -> None:
    assert len(Layout(name, _ROOT).bridge) <= 15
    assert len(f"{Layout(name, _ROOT).containerd_socket}.ttrpc") <= 107


def test_the_cache_is_where_the_user_keeps_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert cache_root() == Path("/xdg/dshell-cluster")
    monkeypatch.setenv("DSHELL_CLUSTER_CACHE", "/elsewhere")
    assert cache_root() == Path("/elsewhere")


def test_a_cluster_is_found_by_its_own_kubeconfig_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSHELL_CLUSTER_STATE", str(tmp_path))
    assert layout_of(Layout("mine", tmp_path).kubeconfig) == Layout("mine", tmp_path)
    assert layout_of(Layout("mine", tmp_path).pki / "kubeconfig") is None
    assert layout_of(tmp_path / "mine/other.kubeconfig") is None
