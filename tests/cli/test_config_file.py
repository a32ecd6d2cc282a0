"""Where the file is, and what it may be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kubectl_dshell.cli.config_file import LARGEST, config_path, read_config
from kubectl_dshell.domain.config.document import Place
from kubectl_dshell.errors import BadConfig


def written(folder: Path, content: bytes) -> dict[str, str]:
    (folder / "kubectl-dshell").mkdir()
    (folder / "kubectl-dshell/config.toml").write_bytes(content)
    return {"XDG_CONFIG_HOME": str(folder)}


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({"XDG_CONFIG_HOME": "/x/", "HOME": "/h"}, "/x/kubectl-dshell/config.toml"),
        ({"XDG_CONFIG_HOME": "x", "HOME": "/h"}, "/h/.config/kubectl-dshell/config.toml"),
        ({"HOME": "/h"}, "/h/.config/kubectl-dshell/config.toml"),
        ({"XDG_CONFIG_HOME": "", "HOME": "h"}, None),
        ({}, None),
    ],
)
def test_the_place_is_that_of_the_xdg_specification(environ: dict[str, str], path: str | None) -> None:
    assert config_path(environ) == path


def test_no_file_is_no_configuration_and_costs_one_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[str] = []
    look = os.stat

    def counted(path: str) -> os.stat_result:
        looks.append(path)
        return look(path)

    monkeypatch.setattr(os, "stat", counted)

    assert read_config({"XDG_CONFIG_HOME": str(tmp_path)}) is None
    assert len(looks) == 1
    assert read_config({}) is None


def test_a_file_is_read(tmp_path: Path) -> None:
    found = read_config(written(tmp_path, b'ttl = "1h"\n'))

    assert found is not None
    assert found.sections[Place()].values == {"ttl": 3600}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"ttl = 1h", "is not valid TOML: "),
        (b"\xff", "is not UTF-8"),
        (b"a = " + b"[" * 100_000, "is not valid TOML: "),
        (b"#" * (LARGEST + 1), "is larger than 256 KiB"),
        (b"tll = '1h'", 'unknown key "tll" (did you mean ttl?)'),
    ],
)
def test_a_broken_file_is_named(content: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(BadConfig) as caught:
        read_config(written(tmp_path, content))

    assert str(tmp_path / "kubectl-dshell/config.toml") in caught.value.message
    assert said in caught.value.message


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kubectl-dshell/config.toml").mkdir(parents=True)

    with pytest.raises(BadConfig, match="is not a regular file"):
        read_config({"XDG_CONFIG_HOME": str(tmp_path)})


def test_a_link_to_itself_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "kubectl-dshell").mkdir()
    (tmp_path / "kubectl-dshell/config.toml").symlink_to("config.toml")

    with pytest.raises(BadConfig, match=r"cannot read .*: Too many levels"):
        read_config({"XDG_CONFIG_HOME": str(tmp_path)})
