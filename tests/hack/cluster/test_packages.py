from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from hack.cluster import packages
from hack.cluster.errors import ClusterError
from hack.cluster.packages import Package

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize(
    ("package", "missing"),
    [
        (Package("a", "sh"), False),
        (Package("b", "/bin/sh"), False),
        (Package("c", "no-such-program"), True),
        (Package("d", "/no/such/file"), True),
    ],
    ids=["program", "file", "no program", "no file"],
)
def test_a_package_is_known_by_what_it_brings(package: Package, *, missing: bool) -> None:
    assert package.missing is missing


def test_what_cannot_be_installed_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda program, **_: "/bin/sh" if program in {"sh", "apt-get"} else None)
    with pytest.raises(ClusterError, match=r"type: sudo apt-get install -y d e$"):
        packages.ensure((Package("d", "/no/d"), Package("a", "sh"), Package("e", "no-such-program")))


def test_on_another_system_the_programs_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _program, **_: None)
    assert packages.lacking((Package("iproute2", "ip"),)) == [
        "ip: of the Debian packages iproute2, and this is no Debian; install what has them here"
    ]


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Callable[[], list[str]]]:
    """Puts an apt-get on PATH that changes nothing; what is given back tells what it was asked for."""

    def put(*fails: str) -> Callable[[], list[str]]:
        failures = "".join(f'*" {word}"*) echo "E: no {word}" >&2; exit 100;; ' for word in fails)
        (tmp_path / "apt-get").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\ncase " $*" in {failures}esac\n')
        (tmp_path / "apt-get").chmod(0o755)
        return lambda: (tmp_path / "asked").read_text().splitlines()

    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return put


def test_packages_that_apt_cannot_get_are_said_before_anything_is_installed(
    apt: Callable[..., Callable[[], list[str]]],
) -> None:
    asked = apt("install")
    with pytest.raises(
        ClusterError, match=r"missing on this machine: Debian packages d, which cannot be had:\n(?s:.*)E: no install$"
    ):
        packages.ensure((Package("d", "/no/d"),))
    update, simulated = asked()
    assert update.endswith(" update")
    assert "--simulate" in simulated


def test_a_source_that_cannot_be_reached_matters_only_if_packages_are_missing(
    apt: Callable[..., Callable[[], list[str]]],
) -> None:
    asked = apt("update")
    packages.ensure((Package("d", "/no/d"),))
    assert asked()[-1].endswith(" install -y --no-install-recommends d")

    apt("update", "install")
    (said,) = packages.lacking((Package("d", "/no/d"),))
    assert said.index("E: no update") < said.index("E: no install")
