from __future__ import annotations

from pathlib import Path

import pytest

from hack.cluster import lifecycle, needs
from hack.cluster.errors import ClusterError
from hack.cluster.layout import Layout


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was brought into the cluster, in turn."""
    names: list[str] = []
    monkeypatch.setenv("DSHELL_CLUSTER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(
        lifecycle, "load_images", lambda _, files: names.extend(f"{f.parent.name}/{f.stem}" for f in files)
    )
    (tmp_path / "a").mkdir()
    return names


def archives(version: str) -> list[Path]:
    return [Path(f"/{version}/{name}.tar") for name in ("pause", "static", "static-root")]


def test_only_the_images_that_are_wanted_are_loaded_and_the_others_later(tmp_path: Path, loaded: list[str]) -> None:
    here = Layout("a", tmp_path)
    lifecycle._load_test_images(here, archives("v1"), only=("pause", "static"))
    assert loaded == ["v1/pause", "v1/static"]
    lifecycle._load_test_images(here, archives("v1"))
    assert loaded[2:] == ["v1/static-root"]
    lifecycle._load_test_images(here, archives("v1"))
    assert len(loaded) == 3


def test_an_image_that_another_version_has_replaced_is_loaded_again(tmp_path: Path, loaded: list[str]) -> None:
    here = Layout("a", tmp_path)
    lifecycle._load_test_images(here, archives("v1"))
    lifecycle._load_test_images(here, archives("v2"), only=("static",))
    del loaded[:]
    lifecycle._load_test_images(here, archives("v1"))
    assert loaded == ["v1/pause", "v1/static", "v1/static-root"]


def test_what_is_missing_is_said_before_anything_is_installed_or_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, bool]] = []

    def require(_: Layout, **wanted: bool) -> None:
        asked.append(wanted)
        raise ClusterError("no disk")

    def must_not(*_: object) -> None:
        raise AssertionError

    monkeypatch.setenv("DSHELL_CLUSTER_CACHE", str(tmp_path))
    monkeypatch.setattr(needs, "require", require)
    for name in ("ensure", "build", "archives"):
        monkeypatch.setattr(lifecycle, name, must_not)
    with pytest.raises(ClusterError, match="no disk"):
        lifecycle.up(Layout("a", tmp_path))
    assert asked == [{"programs": True, "images": True}]
